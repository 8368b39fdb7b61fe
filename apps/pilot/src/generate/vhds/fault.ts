import type { HTTPFaultInjection, Percent } from '#config';
import { envoy } from '#common/proto/envoy';
import type { Any } from '../common/proto.js';
import { any } from '../common/proto.js';
import { duration } from '../common/values.js';

type FractionalPercent = envoy.type.v3.FractionalPercent.$Properties;

const GRPC_STATUS: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** A percentage in millionths of the whole, so that 0.0001 % is kept. */
export function fractional(percent: Percent | undefined): FractionalPercent {
  const { MILLION } = envoy.type.v3.FractionalPercent.DenominatorType;
  return { numerator: Math.round((percent?.value ?? 0) * 10_000), denominator: MILLION };
}

/** The fault filter's configuration for one route. A fault without a percentage strikes nobody. */
export function faultConfig({ delay, abort }: HTTPFaultInjection): Any {
  const { HTTPFault } = envoy.extensions.filters.http.fault.v3;
  const wholePercent = delay?.percent === undefined ? undefined : { value: delay.percent };
  return any(HTTPFault, {
    ...(delay && {
      delay: {
        fixedDelay: duration(delay.fixedDelay),
        percentage: fractional(delay.percentage ?? wholePercent),
      },
    }),
    ...(abort && { abort: { ...abortStatus(abort), percentage: fractional(abort.percentage) } }),
  });
}

function abortStatus({ grpcStatus, httpStatus }: NonNullable<HTTPFaultInjection['abort']>) {
  if (!grpcStatus) return { httpStatus: httpStatus ?? 503 };
  const code = GRPC_STATUS.indexOf(grpcStatus);
  return { grpcStatus: code >= 0 ? code : Number(grpcStatus) || 2 };
}

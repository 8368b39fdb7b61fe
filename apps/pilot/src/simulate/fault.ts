import type { FractionalPercent } from './envoy-config.js';
import type { Fault } from './outcome.js';
import { millisecondsOf, percentOf } from './values.js';

interface HTTPFault {
  readonly delay?: { readonly fixed_delay?: string; readonly percentage?: FractionalPercent };
  readonly abort?: {
    readonly http_status?: number;
    readonly grpc_status?: number;
    readonly percentage?: FractionalPercent;
  };
}

/** @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter */
export function faultOf({ delay, abort }: HTTPFault): Fault {
  return {
    ...(delay && {
      delay: { ms: millisecondsOf(delay.fixed_delay ?? '0s'), percent: strike(delay.percentage) },
    }),
    ...(abort && {
      abort: {
        percent: strike(abort.percentage),
        ...(abort.http_status !== undefined && { httpStatus: abort.http_status }),
        ...(abort.grpc_status !== undefined && { grpcStatus: abort.grpc_status }),
      },
    }),
  };
}

/** A fault that states no share strikes nobody. */
function strike(fraction: FractionalPercent | undefined): number {
  return fraction ? percentOf(fraction) : 0;
}

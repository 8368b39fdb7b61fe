import type { HTTPFaultInjection, Percent } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkDuration, checkRange } from './text.js';

type Abort = NonNullable<HTTPFaultInjection['abort']>;
type Delay = NonNullable<HTTPFaultInjection['delay']>;

export function checkFault(fault: HTTPFaultInjection | undefined, scope: Scope): void {
  if (!fault) return;
  const { abort, delay } = fault;
  if (!abort && !delay) scope.error('HTTP fault injection must have an abort and/or a delay');
  if (delay) checkDelay(delay, scope.at('delay'));
  if (abort) checkAbort(abort, scope.at('abort'));
}

function checkDelay(delay: Delay, scope: Scope): void {
  if (delay.fixedDelay === undefined) scope.error('delay needs a fixedDelay');
  checkDuration(delay.fixedDelay, scope.at('fixedDelay'));
  checkPercent(delay.percentage, scope.at('percentage'));
  checkRange(delay.percent, 0, 100, scope.at('percent'));
  if (delay.percent !== undefined)
    scope.at('percent').warn('deprecated', 'percent is deprecated, use percentage');
  else warnOfNone(delay, scope);
}

function checkAbort(abort: Abort, scope: Scope): void {
  const given = [abort.httpStatus, abort.grpcStatus].filter((status) => status !== undefined);
  if (given.length !== 1) scope.error('abort takes exactly one of httpStatus and grpcStatus');
  checkRange(abort.httpStatus, 200, 599, scope.at('httpStatus'));
  checkGrpcStatus(abort.grpcStatus, scope.at('grpcStatus'));
  checkPercent(abort.percentage, scope.at('percentage'));
  warnOfNone(abort, scope);
}

function warnOfNone({ percentage }: { percentage?: Percent }, scope: Scope): void {
  if (!percentage) scope.warn('noEffect', 'a fault without a percentage strikes no request');
}

const GRPC_STATUS = new Set(
  (
    'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED ' +
    'RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS ' +
    'UNAUTHENTICATED'
  ).split(' '),
);

function checkGrpcStatus(status: string | undefined, scope: Scope): void {
  if (status === undefined || GRPC_STATUS.has(status) || /^(?:\d|1[0-6])$/.test(status)) return;
  scope.error(`gRPC status ${JSON.stringify(status)} is not supported`);
}

export function checkPercent(percent: Percent | undefined, scope: Scope): void {
  checkRange(percent?.value, 0, 100, scope.at('value'));
}

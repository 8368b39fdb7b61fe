import type { AttributeBag } from '#expressions';
import { Failure } from '#expressions';
import type { CheckResult } from '../adapters/adapter.js';
import { OK } from '../adapters/status.js';
import type { Status } from '../adapters/status.js';
import type { InstanceConfig } from '../config/instances.js';
import type { Runtime } from '../routing/runtime.js';
import type { Destination } from '../routing/table.js';
import type { Memo } from '../templates/index.js';
import { call, DispatchError, instanceError, matchingInstances, requestNamespace } from './dispatcher.js';
import type { DispatchObserver } from './dispatcher.js';
import { headerChanges } from './headers.js';
import type { HeaderChange } from './headers.js';

/** What all rules together say about a request. */
export interface CheckOutcome extends CheckResult {
  readonly requestHeaders: readonly HeaderChange[];
  readonly responseHeaders: readonly HeaderChange[];
}

/** How long an answer holds that no adapter had a part in. */
const UNCHECKED: CheckResult = { status: OK, validDuration: 60_000, validUseCount: 10_000 };

/**
 * Asks every handler that a rule sends the request to. The order is that of the rules' names, the default namespace's
 * first, so equal requests get equal answers; the first refusal gives the code, all of them the message. The error of
 * one handler is the answer's error: a policy that could not be asked was not passed.
 */
export function dispatchCheck(
  bag: AttributeBag,
  runtime: Runtime,
  observer: DispatchObserver,
): CheckOutcome | DispatchError {
  const namespace = requestNamespace(bag);
  const destinations = runtime.table.destinations('CHECK', namespace);
  const memo: Memo = new Map();
  let combined: CheckResult | undefined;
  let instances = 0;
  let failure: DispatchError | undefined;
  for (const destination of destinations) {
    for (const config of matchingInstances(destination, bag)) {
      instances++;
      const result = checkOne(destination, config, bag, memo, observer);
      if (result instanceof DispatchError) failure ??= result;
      else combined = combine(combined, result);
    }
  }
  observer.routed('CHECK', destinations.length, instances);
  if (failure) return failure;
  return { ...(combined ?? UNCHECKED), ...directives(bag, runtime, namespace, combined?.status ?? OK) };
}

function checkOne(
  { handler }: Destination,
  config: InstanceConfig,
  bag: AttributeBag,
  memo: Memo,
  observer: DispatchObserver,
): CheckResult | DispatchError {
  const instance = config.build(bag, memo);
  if (instance instanceof Failure) return instanceError(config, instance);
  if (instance.template !== 'checknothing' && instance.template !== 'listentry') {
    return new DispatchError(`${config.fqn} is not for checks`);
  }
  const result = call('CHECK', handler, observer, () => handler.handler.check?.(instance));
  if (result instanceof DispatchError) return result;
  if (!result) return new DispatchError(`${handler.fqn} does not check`);
  if (result.status.code === 0) return result;
  return { ...result, status: { ...result.status, message: `${handler.fqn}:${result.status.message}` } };
}

function combine(first: CheckResult | undefined, next: CheckResult): CheckResult {
  if (!first) return next;
  return {
    status: combineStatus(first.status, next.status),
    validDuration: Math.min(first.validDuration, next.validDuration),
    validUseCount: Math.min(first.validUseCount, next.validUseCount),
  };
}

function combineStatus(first: Status, next: Status): Status {
  if (first.code === 0) return next;
  return next.code === 0 ? first : { code: first.code, message: `${first.message}, ${next.message}` };
}

/** Headers are changed only for a request that passes. */
function directives(
  bag: AttributeBag,
  { table }: Runtime,
  namespace: string,
  status: Status,
): Pick<CheckOutcome, 'requestHeaders' | 'responseHeaders'> {
  const applicable = status.code === 0 ? table.directives(namespace) : [];
  return {
    requestHeaders: headerChanges(applicable, 'requestHeaders', bag),
    responseHeaders: headerChanges(applicable, 'responseHeaders', bag),
  };
}

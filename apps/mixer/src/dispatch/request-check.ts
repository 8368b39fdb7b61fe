import type { AttributeBag } from '#expressions';
import { Code } from '../adapters/status.js';
import type { Runtime } from '../routing/runtime.js';
import { dispatchCheck } from './check.js';
import type { CheckOutcome } from './check.js';
import type { DispatchObserver } from './dispatcher.js';
import { DispatchError } from './dispatcher.js';
import { preprocess } from './preprocess.js';
import { chargesOf, dispatchQuota } from './quota.js';

/**
 * Decides about one request: attribute generators, checks, and if those let it pass, its quotas. A
 * {@link DispatchError} is no decision: the proxy's fail policy makes it.
 */
export function checkRequest(
  attributes: AttributeBag,
  runtime: Runtime,
  observer: DispatchObserver,
): CheckOutcome | DispatchError {
  const bag = preprocess(attributes, runtime, observer);
  if (bag instanceof DispatchError)
    return new DispatchError(`preprocessing attributes failed: ${bag.message}`);
  const outcome = dispatchCheck(bag, runtime, observer);
  if (outcome instanceof DispatchError || outcome.status.code !== 0) return outcome;
  const id = bag.get('request.id');
  for (const charge of chargesOf(bag, runtime)) {
    const granted = dispatchQuota(charge, typeof id === 'string' ? id : '', bag, runtime, observer);
    if (granted.amount < charge.amount) return exhausted(outcome, charge.quota);
  }
  return outcome;
}

function exhausted(outcome: CheckOutcome, quota: string): CheckOutcome {
  const status = { code: Code.RESOURCE_EXHAUSTED, message: `Quota is exhausted for: ${quota}` };
  return { ...outcome, status, requestHeaders: [], responseHeaders: [] };
}

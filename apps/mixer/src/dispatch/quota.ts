import type { AttributeBag } from '#expressions';
import { Failure } from '#expressions';
import type { QuotaResult } from '../adapters/adapter.js';
import type { QuotaCharge } from '../config/quota-specs.js';
import type { InstanceConfig } from '../config/instances.js';
import type { Runtime } from '../routing/runtime.js';
import type { Destination } from '../routing/table.js';
import { call, DispatchError, matchingInstances, requestNamespace } from './dispatcher.js';
import type { DispatchObserver } from './dispatcher.js';

/** How long a grant holds that no adapter had a part in. */
const UNLIMITED_MS = 60_000;

/** The charges of a request that its destination service is bound to. Quotas are the callee's affair. */
export function chargesOf(bag: AttributeBag, { snapshot }: Runtime): readonly QuotaCharge[] {
  const host = bag.get('destination.service.host');
  if (typeof host !== 'string' || bag.get('context.reporter.kind') === 'outbound') return [];
  return snapshot.quotaSpecs.chargesFor(host, bag);
}

/**
 * Asks for a quota. One that no rule sends anywhere is granted: a quota is a limit, not a permission. Where a handler
 * fails, nothing is granted, as in the original.
 *
 * @param deduplicationId of the request; the same one asked twice is charged once
 */
export function dispatchQuota(
  { quota, amount }: QuotaCharge,
  deduplicationId: string,
  bag: AttributeBag,
  runtime: Runtime,
  observer: DispatchObserver,
): QuotaResult {
  const destinations = runtime.table.destinations('QUOTA', requestNamespace(bag));
  const found = destinations.flatMap((destination) =>
    [...matchingInstances(destination, bag)]
      .filter((config) => config.name.toLowerCase() === quota.toLowerCase())
      .map((config) => ({ destination, config })),
  );
  observer.routed('QUOTA', destinations.length, found.length);
  const [first] = found;
  if (!first) return { amount, validDuration: UNLIMITED_MS };
  if (found.length > 1)
    observer.log('warn', { quota }, 'several rules answer for a quota; the first one counts');
  const result = allocate(first.destination, first.config, { quota, amount }, deduplicationId, bag, observer);
  if (!(result instanceof DispatchError)) return result;
  observer.log(
    'warn',
    { quota, reason: result.message },
    'a quota could not be asked for and is not granted',
  );
  return { amount: 0, validDuration: 0 };
}

function allocate(
  { handler }: Destination,
  config: InstanceConfig,
  { quota, amount }: QuotaCharge,
  deduplicationId: string,
  bag: AttributeBag,
  observer: DispatchObserver,
): QuotaResult | DispatchError {
  const instance = config.build(bag, new Map());
  if (instance instanceof Failure) return new DispatchError(`${config.fqn}: ${instance.message}`);
  if (instance.template !== 'quota') return new DispatchError(`${config.fqn} is no quota`);
  const id = deduplicationId === '' ? '' : deduplicationId + quota;
  const request = { amount, bestEffort: false, deduplicationId: id };
  const result = call('QUOTA', handler, observer, () => handler.handler.quota?.(instance, request));
  return result ?? new DispatchError(`${handler.fqn} counts no quotas`);
}

import type { Fact } from '../../model/contract.js';
import type { Endpoint } from '../../model/service.js';
import { fact } from '../facts.js';

/**
 * Names what changed with a host's endpoints: all of them for who balances over them, and each one that came, went or
 * changed for the workload that it is. So a service with many instances does not wake each for every other.
 *
 * Endpoints of the same config are the same object (see registries/static), so comparing costs no more than a walk.
 */
export function touchEndpoints(
  host: string,
  before: readonly Endpoint[],
  after: readonly Endpoint[],
  touched: Set<Fact>,
): void {
  if (before.length === after.length && before.every((endpoint, index) => endpoint === after[index])) return;
  touched.add(fact.endpoints(host));
  const [old, next] = [new Set(before), new Set(after)];
  const moved = [...before.filter((each) => !next.has(each)), ...after.filter((each) => !old.has(each))];
  for (const { source, address } of moved) {
    touched.add(fact.servicesOf(source));
    touched.add(fact.servicesOf(address));
  }
}

import type { Fact } from '../../model/contract.js';
import type { Endpoint } from '../../model/service.js';
import { fact } from '../facts.js';
import type { Hosted } from './hosted.js';

/**
 * Names what changed with a host's endpoints: those that take traffic for who balances over them, and each one that
 * came, went or changed for the workload that it is. So a service with many instances does not wake each for every
 * other, and an endpoint that takes no traffic yet, or no more, concerns nobody but itself.
 *
 * Endpoints that did not change are the same object (see registries/registry.ts), so comparing costs no more than a walk.
 */
export function touchEndpoints(
  host: string,
  before: readonly Hosted[],
  after: readonly Hosted[],
  touched: Set<Fact>,
): void {
  const taking = (hosted: readonly Hosted[]): Endpoint[] => hosted.flatMap(({ endpoints }) => endpoints);
  if (!isSame(taking(before), taking(after))) touched.add(fact.endpoints(host));
  const all = (hosted: readonly Hosted[]): Set<Endpoint> =>
    new Set(hosted.flatMap(({ endpoints, idle }) => [...endpoints, ...idle]));
  const [old, next] = [all(before), all(after)];
  const moved = [
    ...[...old].filter((each) => !next.has(each)),
    ...[...next].filter((each) => !old.has(each)),
  ];
  for (const { source, address } of moved) {
    touched.add(fact.servicesOf(source));
    touched.add(fact.servicesOf(address));
  }
}

function isSame(before: readonly Endpoint[], after: readonly Endpoint[]): boolean {
  return before.length === after.length && before.every((endpoint, index) => endpoint === after[index]);
}

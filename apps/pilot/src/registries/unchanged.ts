import type { RegisteredService } from '../model/registry.js';
import type { Endpoint } from '../model/service.js';

/** The same endpoints; those that there were before are the very same objects, so that telling what changed is a walk. */
export function reuse(before: readonly Endpoint[], after: readonly Endpoint[]): readonly Endpoint[] {
  if (before.length === 0 || after.length === 0) return after;
  const known = new Map<string, Endpoint[]>();
  for (const endpoint of before) {
    const there = known.get(endpoint.address);
    if (there) there.push(endpoint);
    else known.set(endpoint.address, [endpoint]);
  }
  return after.map((endpoint) => {
    const candidates = known.get(endpoint.address);
    if (!candidates) return endpoint;
    const print = JSON.stringify(endpoint);
    return candidates.find((candidate) => JSON.stringify(candidate) === print) ?? endpoint;
  });
}

/** Whether nothing happened to a service: endpoints count as the same only where they are the same objects. */
export function isSame(a: RegisteredService | undefined, b: RegisteredService | undefined): boolean {
  if (!a || !b) return a === b;
  const rest = ({ service, selectors, fallback }: RegisteredService): string =>
    JSON.stringify([service, selectors, fallback]);
  return sameList(a.endpoints, b.endpoints) && sameList(a.idle, b.idle) && rest(a) === rest(b);
}

function sameList(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return a.length === b.length && a.every((endpoint, index) => endpoint === b[index]);
}

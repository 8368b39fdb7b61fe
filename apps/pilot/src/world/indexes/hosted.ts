import type { Endpoint, Service } from '../../model/service.js';
import { mergedService, portsAs } from '../../registries/merge.js';
import type { Registration, Registrations } from './registrations.js';

/** A service with its endpoints, as one namespace defines it. */
export interface Hosted {
  readonly service: Service;
  /** Those that take traffic. */
  readonly endpoints: readonly Endpoint[];
  /** Those that belong to it and take none. */
  readonly idle: readonly Endpoint[];
}

/**
 * The services of one host, one for each namespace that defines it. First comes what a platform knows, lest anybody
 * take over a host by writing a ServiceEntry; then the older.
 */
export function hostedAt(registrations: Registrations, host: string): Hosted[] {
  const byNamespace = new Map<string, Registration[]>();
  for (const registration of registrations.ofHost(host).sort(byPrecedence)) {
    const { namespace } = registration.service;
    byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), registration]);
  }
  return [...byNamespace.values()].map((known) => hosted(registrations, known));
}

function hosted(registrations: Registrations, known: readonly Registration[]): Hosted {
  const service = withAddresses(mergedService(known.map((each) => each.service)), known);
  const endpoints = known.flatMap((each) => {
    const selected = registrations.selectedBy(each).flatMap(({ endpoint }) => endpoint ?? []);
    return portsAs(service, each.service, [...each.endpoints, ...selected]);
  });
  const idle = known.flatMap((each) => portsAs(service, each.service, each.idle));
  const fallback = known.flatMap((each) => each.fallback ?? [])[0];
  return { service, endpoints: endpoints.length === 0 && fallback ? [fallback] : endpoints, idle };
}

/** Virtual addresses mean something in their own cluster only. */
function withAddresses(service: Service, known: readonly Registration[]): Service {
  const stated = known.filter((each) => each.service.addresses.length > 0);
  const differ = stated.some((each) => each.service.addresses.join() !== service.addresses.join());
  if (!differ) return service;
  const addresses = stated.map((each) => [each.registry.id, each.service.addresses] as const);
  return service.with({ addressesIn: Object.fromEntries(addresses) });
}

function byPrecedence(a: Registration, b: Registration): number {
  return (
    a.registry.rank - b.registry.rank ||
    compare(a.registry.id, b.registry.id) ||
    compare(a.service.createdAt, b.service.createdAt) ||
    compare(a.service.sources[0] ?? '', b.service.sources[0] ?? '')
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

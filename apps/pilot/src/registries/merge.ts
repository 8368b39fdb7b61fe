import type { Endpoint, ServicePort, Service } from '../model/service.js';
import { endpointPort } from '../model/service.js';

/**
 * What several registries know of the service of one host and namespace, as one service: the first states what can be
 * stated only once, each adds the ports that those before it do not have, and the endpoints are those of all.
 *
 * @param known not empty, in the order of precedence
 */
export function mergedService(known: readonly Service[]): Service {
  const [first, ...others] = known;
  if (!first) throw new Error('a service that nobody knows');
  if (others.length === 0) return first;
  const unique = (of: (service: Service) => readonly string[]): string[] => [...new Set(known.flatMap(of))];
  return first.with({
    ports: mergedPorts(known),
    subjectAltNames: unique((service) => service.subjectAltNames).sort(),
    sources: unique((service) => service.sources),
  });
}

function mergedPorts(known: readonly Service[]): ServicePort[] {
  const ports = new Map<number, ServicePort>();
  for (const port of known.flatMap((service) => service.ports))
    if (!ports.has(port.number)) ports.set(port.number, port);
  return [...ports.values()];
}

/** Endpoints as another service than their own sees them, by what that calls its ports. */
const seen = new WeakMap<Endpoint, Map<string, Endpoint>>();

/** Endpoints name ports as their own registry does: this names them as `service` does, by the service ports' numbers. */
export function portsAs(service: Service, own: Service, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  if (service === own || endpoints.length === 0 || samePorts(service, own)) return endpoints;
  return endpoints.map((endpoint) => renamed(endpoint, service, own));
}

function samePorts(a: Service, b: Service): boolean {
  return JSON.stringify(a.ports) === JSON.stringify(b.ports);
}

function renamed(endpoint: Endpoint, service: Service, own: Service): Endpoint {
  const ports = Object.fromEntries(
    service.ports.flatMap((port): [string, number][] => {
      const known = own.port(port.number);
      const number = known && endpointPort(endpoint, known);
      return number === undefined ? [] : [[port.name, number]];
    }),
  );
  const print = JSON.stringify(ports);
  let kept = seen.get(endpoint);
  if (!kept) seen.set(endpoint, (kept = new Map<string, Endpoint>()));
  let result = kept.get(print);
  if (!result) kept.set(print, (result = { ...endpoint, ports, namesAllPorts: true }));
  return result;
}

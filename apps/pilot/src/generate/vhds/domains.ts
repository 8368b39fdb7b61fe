import type { WorldView } from '../../model/contract.js';
import { hostAndPort, shortNames } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import type { Service } from '../../model/service.js';
import { isHttp } from '../../model/service.js';

/**
 * The names under which requests reach a host. No other virtual host of the route may have any of them, or Envoy
 * refuses the route as a whole: a short name gives way to a host that really is called so, and an address belongs to
 * the first of the services that share it.
 */
export function namesOf(view: WorldView, proxy: Proxy, host: string, port: number, service?: Service): string[] {
  const short = shortNames(host, proxy.dnsDomain).filter((name) => !view.isTaken(name, proxy.namespace));
  const addresses = (service?.addresses ?? []).filter((address) => owns(view, proxy, host, port, address));
  return [host, ...short, ...addresses.map((address) => (address.includes(':') ? `[${address}]` : address))];
}

function owns(view: WorldView, proxy: Proxy, host: string, port: number, address: string): boolean {
  if (address.includes('/') || address === '0.0.0.0' || address === '::') return false;
  const sharing = view.hostsAt(address).filter((other) => {
    const protocol = view.service(other, proxy.namespace)?.port(port)?.protocol;
    return protocol !== undefined && isHttp(protocol);
  });
  return sharing[0] === host;
}

/**
 * Domains where the port in a request's authority counts, because one route serves all ports: `reviews:9080`, and
 * `reviews` for the port that a client means when it names none.
 */
export function domainsWithPort(names: readonly string[], port: number, isDefaultPort: boolean): string[] {
  return names.flatMap((name) => {
    const bare = name.replace(/^\[|\]$/g, '');
    return isDefaultPort ? [name, hostAndPort(bare, port)] : [hostAndPort(bare, port)];
  });
}

/** The HTTP port that is meant where none is named: 80, else the first. */
export function defaultHttpPort(service: Service): number | undefined {
  const ports = service.ports.filter(({ protocol }) => isHttp(protocol)).map(({ number }) => number);
  return ports.includes(80) ? 80 : ports[0];
}

import type { WorldView } from '../../model/contract.js';
import { hostAndPort, shortNames } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import type { Service } from '../../model/service.js';
import { mayBeHttp } from '../../model/service.js';

/** The port on which hosts that only a VirtualService knows are reached. */
export const VIRTUAL_PORT = 80;

/** The host of a virtual host, and its service where there is one. */
export interface Named {
  readonly host: string;
  readonly port: number;
  readonly service: Service | undefined;
}

/**
 * The names under which requests on one port reach a host. No other virtual host of the route may have any of them,
 * or Envoy refuses the route as a whole: a short name gives way to a host that really is called so, and an address
 * belongs to the first of the services that share it.
 */
export function domainsOnPort(view: WorldView, proxy: Proxy, named: Named): string[] {
  const owned = addresses(named).filter((address) => owns(view, proxy, named, address, named.port));
  return [...names(view, proxy, named), ...owned].map(bracketed);
}

/**
 * Domains where one route serves all ports, so that the port in a request's authority counts: `reviews:9080`, and
 * plain `reviews` on the port that a client means when it names none.
 */
export function domainsOnAllPorts(view: WorldView, proxy: Proxy, named: Named, usualPort: number): string[] {
  const { port } = named;
  const owned = addresses(named).filter((address) => owns(view, proxy, named, address, port));
  const withPort = [...names(view, proxy, named), ...owned].map((name) => hostAndPort(name, port));
  if (port !== usualPort) return withPort;
  const bare = addresses(named).filter((address) => owns(view, proxy, named, address, undefined));
  return [...[...names(view, proxy, named), ...bare].map(bracketed), ...withPort];
}

/** The HTTP port that is meant where none is named: 80, else the first. */
export function usualHttpPort(service: Service): number | undefined {
  const ports = service.ports.filter(({ protocol }) => mayBeHttp(protocol)).map(({ number }) => number);
  return ports.includes(80) ? 80 : ports[0];
}

function names(view: WorldView, proxy: Proxy, { host }: Named): string[] {
  const short = shortNames(host, proxy.dnsDomain).filter((name) => !view.isTaken(name, proxy));
  return [host, ...short];
}

/** Single addresses: a range is no domain. */
function addresses({ service, host }: Named): string[] {
  const others = ['0.0.0.0', '::', host];
  return (service?.addresses ?? []).filter((address) => !address.includes('/') && !others.includes(address));
}

/**
 * An address that a VirtualService has as its host is its own where such hosts are served.
 *
 * @param port undefined for an address without a port
 */
function owns(
  view: WorldView,
  proxy: Proxy,
  { host }: Named,
  address: string,
  port: number | undefined,
): boolean {
  if ((port ?? VIRTUAL_PORT) === VIRTUAL_PORT && view.isTaken(address, proxy)) return false;
  const [first] = view.hostsAt(address).filter((other) => {
    const ports = view.service(other, proxy)?.ports ?? [];
    return ports.some(
      ({ number, protocol }) => mayBeHttp(protocol) && (port === undefined || number === port),
    );
  });
  return first === host;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

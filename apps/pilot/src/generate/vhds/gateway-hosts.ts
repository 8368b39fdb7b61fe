import type { VirtualService } from '#config';
import { scopedHost } from '#config';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import type { WorldView } from '../../model/contract.js';
import type { GatewayServer } from '../../model/gateways.js';
import { gatewayName } from '../../model/gateways.js';
import { intersectHosts, isCoveredBy, isWildcard } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';

/** The hosts that a server serves: what it and the VirtualServices of its gateway have in common. */
export function servedHosts(view: WorldView, proxy: Proxy, server: GatewayServer): string[] {
  const bound = view.virtualServiceHosts(gatewayName(server.gateway), proxy);
  const served = bound.flatMap(({ namespace, hosts }) => {
    const own = admittedHosts(server, namespace);
    return hosts.flatMap((host) => own.flatMap((of) => intersectHosts(host, of) ?? []));
  });
  return [...new Set([...served, ...redirectedHosts(server)])];
}

/** A server that sends everybody to HTTPS needs no routes for it. */
export function redirectedHosts({ server }: GatewayServer): string[] {
  return server.tls?.httpsRedirect ? server.hosts.map((entry) => scopedHost(entry).host) : [];
}

/** A server's hosts as far as they admit VirtualServices of a namespace: `ns/host`, `./host`, `*` + `/host`. */
export function admittedHosts({ server, gateway }: GatewayServer, namespace: string): string[] {
  return server.hosts.map(scopedHost).flatMap(({ scope, host }) => {
    const admits = scope === '*' || scope === namespace || (scope === '.' && gateway.namespace === namespace);
    return admits ? [host] : [];
  });
}

/**
 * The VirtualServices that a server serves under exactly this host: those that have it, and those with a wildcard over
 * it where the host is the server's own.
 */
export function boundTo(
  view: WorldView,
  proxy: Proxy,
  server: GatewayServer,
  host: string,
): Config<VirtualService>[] {
  const gateway = gatewayName(server.gateway);
  const named = view
    .gatewayVirtualServices(gateway, host, proxy)
    .filter(({ namespace }) => admittedHosts(server, namespace).some((of) => isCoveredBy(host, of)));
  const isOwn = server.server.hosts.some((entry) => scopedHost(entry).host === host);
  if (!isOwn) return named;
  const wide = view
    .coveringVirtualServices(gateway, host, proxy)
    .filter(({ namespace }) => admittedHosts(server, namespace).includes(host));
  return [...new Set([...named, ...wide])];
}

/** All VirtualServices that a server serves under any host, older first. */
export function virtualServicesOf(
  view: WorldView,
  proxy: Proxy,
  server: GatewayServer,
): Config<VirtualService>[] {
  const gateway = gatewayName(server.gateway);
  const bound = view.virtualServiceHosts(gateway, proxy).flatMap(({ namespace, hosts }) => {
    const own = admittedHosts(server, namespace);
    const served = hosts.filter((host) => own.some((of) => intersectHosts(host, of)));
    return served.flatMap((host) =>
      view.gatewayVirtualServices(gateway, host, proxy).filter((config) => config.namespace === namespace),
    );
  });
  return [...new Set(bound)].sort(byAge);
}

/** The narrower of SNI names and the hosts of a server; none asks for any name. */
export function narrowed(names: readonly string[], hosts: readonly string[]): string[] | undefined {
  if (hosts.includes('*')) return [...names];
  if (names.length === 0) return [...hosts];
  const found = names.flatMap((name) =>
    hosts.flatMap((host) => intersectHosts(name, host.toLowerCase()) ?? []),
  );
  return found.length > 0 ? [...new Set(found)].sort(wildcardsLast) : undefined;
}

function wildcardsLast(a: string, b: string): number {
  return Number(isWildcard(a)) - Number(isWildcard(b));
}

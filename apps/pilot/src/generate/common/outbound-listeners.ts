import { isIP } from 'node:net';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { PortUse } from '../../world/view.js';
import { egressScope } from './egress-scope.js';
import { sniffedRoute } from './names.js';
import { anyAddress } from './own-addresses.js';
import { ownEgress } from './own-egress.js';

/** Where captured connections from the application are told apart. */
export interface OutboundListener {
  readonly address: string;
  readonly port: number;
}

/** On HTTPS's port HTTP would take the connections to everything that nobody declared. */
const HTTPS_PORT = 443;

/** Without interception only what a Sidecar binds by itself can be reached. */
export function capturedPorts(view: WorldView, proxy: Proxy): number[] {
  if (proxy.interceptionMode === 'NONE') return [];
  const own = new Set(ownEgress(view, proxy).map(({ port }) => port));
  return view.ports().filter((port) => !own.has(port));
}

export function outboundListeners(view: WorldView, proxy: Proxy): OutboundListener[] {
  return capturedPorts(view, proxy).flatMap((port) =>
    [...usesByAddress(view, proxy, port).keys()].sort().map((address) => ({ address, port })),
  );
}

/** What {@link usesAt} finds at each address of a port that has a listener. */
export function usesByAddress(view: WorldView, proxy: Proxy, port: number): Map<string, PortUse[]> {
  const byAddress = new Map<string, PortUse[]>();
  for (const use of usesOf(view, proxy, port)) {
    for (const address of new Set(addressesOf(view, proxy, use))) {
      const uses = byAddress.get(address);
      if (uses) uses.push(use);
      else byAddress.set(address, [use]);
    }
  }
  return byAddress;
}

/** The services that connections to one address and port may be for, the older first. */
export function usesAt(view: WorldView, proxy: Proxy, { address, port }: OutboundListener): PortUse[] {
  return usesOf(view, proxy, port).filter((use) => addressesOf(view, proxy, use).includes(address));
}

/**
 * The route of the HTTP at a listener: that of its port at the common address, else of `first`, the first service that
 * may speak HTTP.
 */
export function routeAt(proxy: Proxy, { address, port }: OutboundListener, first: PortUse): string {
  return address === anyAddress(proxy) ? String(port) : sniffedRoute(first.host, port);
}

/** The services on a port that have a listener, the older first. */
export function usesOf(view: WorldView, proxy: Proxy, port: number): PortUse[] {
  const scope = egressScope(view, proxy, port);
  return view
    .servicesOnPort(port, proxy)
    .filter(({ protocol }) => protocol !== 'UDP' && (protocol !== 'HTTP' || mayHaveHttp(view, port)))
    .filter(({ namespace, host }) => scope.imports(namespace, host))
    .sort(byAge);
}

function mayHaveHttp(view: WorldView, port: number): boolean {
  return port !== HTTPS_PORT || view.environment.switches?.httpOn443 === true;
}

function byAge({ createdAt: a = '' }: PortUse, { createdAt: b = '' }: PortUse): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/**
 * HTTP shares a port's common address: there hosts tell services apart. Others have their virtual addresses to
 * themselves. Ranges, and services without any address, are left to the common one.
 */
function addressesOf(view: WorldView, proxy: Proxy, use: PortUse): string[] {
  const { addresses, protocol } = use;
  if (protocol === 'HTTP') return [anyAddress(proxy)];
  const single = addresses.filter(isSingle);
  if (single.length === addresses.length && single.length > 0) return single;
  const endpoints = addresses.length === 0 && protocol !== 'TLS' ? endpointsOf(view, proxy, use) : [];
  const common = use.resolution === 'ORIGINAL_DST' && endpoints.length > 0 ? [] : [anyAddress(proxy)];
  return [...single, ...endpoints, ...common];
}

export function isSingle(address: string): boolean {
  return !address.includes('/');
}

/** The endpoints of a headless service: its clients connect to them by their own addresses. */
function endpointsOf(view: WorldView, proxy: Proxy, { host, resolution }: PortUse): string[] {
  if (resolution !== 'EDS' && resolution !== 'ORIGINAL_DST') return [];
  const addresses = view.endpoints(host, proxy).map(({ address }) => address);
  return [...new Set(addresses)].filter((address) => isIP(address) !== 0);
}

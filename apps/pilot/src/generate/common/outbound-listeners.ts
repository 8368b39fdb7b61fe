import { isIP } from 'node:net';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { PortUse } from '../../world/view.js';
import { sniffedRoute } from './names.js';
import { anyAddress } from './own-addresses.js';
import { ownEgress } from './own-egress.js';
import { byAge, COMMON, file, usesOfPort } from './port-uses.js';

/** Where captured connections from the application are told apart. */
export interface OutboundListener {
  readonly address: string;
  readonly port: number;
}

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
  const { http, stated, headless } = usesOfPort(view, proxy, port);
  const byAddress = new Map<string, PortUse[]>();
  for (const use of http) file(byAddress, anyAddress(proxy), use);
  for (const [place, uses] of stated)
    for (const use of uses) file(byAddress, place === COMMON ? anyAddress(proxy) : place, use);
  for (const use of headless)
    for (const address of addressesOf(view, proxy, use)) file(byAddress, address, use);
  if (headless.length > 0) for (const uses of byAddress.values()) uses.sort(byAge);
  return byAddress;
}

/** The services that connections to one address and port may be for, the older first; see {@link PortUses}. */
export function usesAt(view: WorldView, proxy: Proxy, { address, port }: OutboundListener): PortUse[] {
  const { http, stated, headless } = usesOfPort(view, proxy, port);
  const common = address === anyAddress(proxy) ? [...http, ...(stated.get(COMMON) ?? [])] : [];
  const own = headless.filter((use) => addressesOf(view, proxy, use).has(address));
  return [...new Set([...common, ...(stated.get(address) ?? []), ...own])].sort(byAge);
}

/**
 * The route of the HTTP at a listener: that of its port at the common address, else of `first`, the first service that
 * may speak HTTP.
 */
export function routeAt(proxy: Proxy, { address, port }: OutboundListener, first: PortUse): string {
  return address === anyAddress(proxy) ? String(port) : sniffedRoute(first.host, port);
}

/** Where a headless service is: clients connect to its endpoints by their own addresses. */
function addressesOf(view: WorldView, proxy: Proxy, { host, resolution }: PortUse): ReadonlySet<string> {
  const endpoints = view.endpoints(host, proxy).map(({ address }) => address);
  const own = endpoints.filter((address) => isIP(address) !== 0);
  const isElsewhere = resolution === 'ORIGINAL_DST' && own.length > 0;
  return new Set([...own, ...(isElsewhere ? [] : [anyAddress(proxy)])]);
}

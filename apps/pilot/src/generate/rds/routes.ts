import type { ResourceKey } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { mayBeHttp } from '../../model/service.js';
import { HTTP_PROXY_ROUTE } from '../common/names.js';
import { outboundListeners, routeAt, usesAt } from '../common/outbound-listeners.js';
import { ownEgress } from '../common/own-egress.js';

/** The names of all routes that a proxy's listeners refer to. */
export function routeNames(view: WorldView, proxy: Proxy): string[] {
  if (proxy.type === 'router') return [...view.gatewayTable(proxy).routes.keys()].sort();
  const own = ownEgress(view, proxy).filter(({ protocol }) => mayBeHttp(protocol));
  const explicit = httpProxyPort(view, proxy) > 0 ? [HTTP_PROXY_ROUTE] : [];
  return [...new Set([...capturedRoutes(view, proxy), ...own.map(({ route }) => route), ...explicit])];
}

/** One for each listener that HTTP may arrive at. */
function capturedRoutes(view: WorldView, proxy: Proxy): string[] {
  return outboundListeners(view, proxy).flatMap((listener) => {
    const first = usesAt(view, proxy, listener).find(({ protocol }) => mayBeHttp(protocol));
    return first ? [routeAt(proxy, listener, first)] : [];
  });
}

/** Port of the explicit HTTP proxy, 0 where there is none. */
export function httpProxyPort(view: WorldView, proxy: Proxy): number {
  return proxy.httpProxyPort || view.mesh().proxyHttpPort;
}

/** The config that decides whether a proxy has a table, and what that does with unknown hosts. */
export function tableSources(view: WorldView, proxy: Proxy, route: string): ResourceKey[] {
  if (proxy.type === 'router') {
    const servers = view.gatewayTable(proxy).routes.get(route)?.servers ?? [];
    return servers.map(({ gateway }) => gateway.key);
  }
  const sidecar = view.sidecar(proxy);
  return [...view.mesh().sources, ...(sidecar ? [sidecar.key] : [])];
}

import type { ResourceKey } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { isHttp } from '../../model/service.js';
import { egressScope } from '../common/egress-scope.js';
import { HTTP_PROXY_ROUTE, gatewayRoute } from '../common/names.js';
import { ownEgress } from '../common/own-egress.js';
import { httpServers } from '../vhds/gateway-hosts.js';

/** The names of all routes that a proxy's listeners refer to. */
export function routeNames(view: WorldView, proxy: Proxy): string[] {
  if (proxy.type === 'router') {
    const ports = httpServers(view, proxy).map(({ server }) => server.port.number);
    return [...new Set(ports)].sort((a, b) => a - b).map(gatewayRoute);
  }
  const ports = outboundHttpPorts(view, proxy).map(String);
  const own = ownEgress(view, proxy).filter(({ protocol }) => isHttp(protocol));
  const explicit = httpProxyPort(view, proxy) > 0 ? [HTTP_PROXY_ROUTE] : [];
  return [...new Set([...ports, ...own.map(({ route }) => route), ...explicit])];
}

/** Ports for which captured HTTP has a listener; those for which the Sidecar has one of its own are not among them. */
export function outboundHttpPorts(view: WorldView, proxy: Proxy): number[] {
  return capturedPorts(view, proxy).filter((port) => {
    const scope = egressScope(view, proxy, port);
    return view
      .servicesOnPort(port, proxy.namespace)
      .some(({ host, namespace, protocol }) => isHttp(protocol) && scope.imports(namespace, host));
  });
}

/** Without interception only what a Sidecar binds by itself can be reached. */
export function capturedPorts(view: WorldView, proxy: Proxy): number[] {
  if (proxy.interceptionMode === 'NONE') return [];
  const own = new Set(ownEgress(view, proxy).map(({ port }) => port));
  return view.ports().filter((port) => !own.has(port));
}

/** Port of the explicit HTTP proxy, 0 where there is none. */
export function httpProxyPort(view: WorldView, proxy: Proxy): number {
  return proxy.httpProxyPort || view.mesh().proxyHttpPort;
}

/** The config that decides which tables a proxy has, and what they do with unknown hosts. */
export function tableSources(view: WorldView, proxy: Proxy): ResourceKey[] {
  if (proxy.type === 'router') return httpServers(view, proxy).map(({ gateway }) => gateway.key);
  const sidecar = view.sidecar(proxy);
  return [...view.mesh().sources, ...(sidecar ? [sidecar.key] : [])];
}

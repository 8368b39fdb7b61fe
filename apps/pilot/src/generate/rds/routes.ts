import type { ResourceKey } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { isHttp } from '../../model/service.js';
import { egressScope } from '../common/egress-scope.js';
import { HTTP_PROXY_ROUTE, gatewayRoute } from '../common/names.js';
import { httpServers } from '../vhds/gateway-hosts.js';

/** The names of all routes that a proxy's listeners refer to. */
export function routeNames(view: WorldView, proxy: Proxy): string[] {
  if (proxy.type === 'router') {
    const ports = httpServers(view, proxy).map(({ server }) => server.port.number);
    return [...new Set(ports)].sort((a, b) => a - b).map(gatewayRoute);
  }
  const ports = outboundHttpPorts(view, proxy).map(String);
  return httpProxyPort(view, proxy) > 0 ? [...ports, HTTP_PROXY_ROUTE] : ports;
}

/** Ports for which a sidecar has an HTTP listener. */
export function outboundHttpPorts(view: WorldView, proxy: Proxy): number[] {
  if (proxy.interceptionMode === 'NONE') return boundEgressPorts(view, proxy);
  return view.ports().filter((port) => {
    const scope = egressScope(view, proxy, port);
    return view
      .servicesOnPort(port, proxy.namespace)
      .some(({ host, namespace, protocol }) => isHttp(protocol) && scope.imports(namespace, host));
  });
}

/** Without interception only what a Sidecar binds by itself can be reached. */
function boundEgressPorts(view: WorldView, proxy: Proxy): number[] {
  const egress = view.sidecar(proxy)?.spec.egress ?? [];
  const ports = egress.flatMap(({ port }) =>
    port && /^(http|http2|grpc)/i.test(port.protocol) ? [port.number] : [],
  );
  return [...new Set(ports)].sort((a, b) => a - b);
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

import type { VirtualService } from '#config';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { destinationsOf } from './destinations.js';
import type { GatewayServer } from './gateway-hosts.js';
import { gatewayName, httpServers, serves } from './gateway-hosts.js';
import { pickVirtualService, sourceOf } from './http-routes.js';
import type { VirtualHostPick } from './inputs.js';
import { pickRouteSettings } from './route-settings.js';

/** One host as a gateway serves it on a port: what all VirtualServices bound to its servers say together. */
export function pickForGateway(
  view: WorldView,
  proxy: Proxy,
  host: string,
  port: number,
): VirtualHostPick | undefined {
  const servers = httpServers(view, proxy, port);
  const bound = servers.map((server) => ({ server, configs: boundTo(view, proxy, server, host) }));
  const used = bound.filter(({ configs }) => configs.length > 0).map(({ server }) => server);
  if (used.length === 0) return undefined;
  const configs = [...new Set(bound.flatMap(({ configs }) => configs))].sort(byAge);
  const virtualServices = configs.map((config) => {
    const through = bound.filter(({ configs }) => configs.includes(config));
    return pickVirtualService(view, config, gatewaysOf(through));
  });
  return {
    name: `${host}:${port}`,
    host,
    domains: [host],
    port,
    ...sourceOf(proxy, virtualServices),
    virtualServices,
    destinations: destinationsOf(view, proxy, virtualServices, port),
    serviceSources: [...new Set(used.map(({ gateway }) => gateway.key))],
    httpsRedirect: used.some(({ server }) => server.tls?.httpsRedirect === true),
    ...pickRouteSettings(view, proxy),
  };
}

function gatewaysOf(bound: readonly { server: GatewayServer }[]): string[] {
  return [...new Set(bound.map(({ server }) => gatewayName(server.gateway)))];
}

function boundTo(
  view: WorldView,
  proxy: Proxy,
  server: GatewayServer,
  host: string,
): Config<VirtualService>[] {
  const configs = view.gatewayVirtualServices(gatewayName(server.gateway), host, proxy.namespace);
  return configs.filter(({ namespace }) => serves(server, host, namespace));
}

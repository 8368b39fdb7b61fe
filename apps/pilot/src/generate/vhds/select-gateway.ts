import type { VirtualService } from '#config';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { destinationsOf } from './destinations.js';
import type { GatewayServer } from './gateway-hosts.js';
import { gatewayName, httpServers, serves } from './gateway-hosts.js';
import type { VirtualHostPick } from './inputs.js';

/** One host as a gateway serves it on a port: what all VirtualServices bound to its servers say together. */
export function pickForGateway(
  view: WorldView,
  proxy: Proxy,
  host: string,
  port: number,
): VirtualHostPick | undefined {
  const servers = httpServers(view, proxy, port);
  const bound = servers.map((server) => ({ server, configs: boundTo(view, server, host) }));
  const used = bound.filter(({ configs }) => configs.length > 0).map(({ server }) => server);
  if (used.length === 0) return undefined;
  const virtualServices = [...new Set(bound.flatMap(({ configs }) => configs))].sort(byAge);
  return {
    name: `${host}:${port}`,
    host,
    domains: [host],
    port,
    gateways: [...new Set(used.map(({ gateway }) => gatewayName(gateway)))],
    virtualServices,
    destinations: destinationsOf(view, proxy, virtualServices, port),
    serviceSources: [...new Set(used.map(({ gateway }) => gateway.key))],
    httpsRedirect: used.some(({ server }) => server.tls?.httpsRedirect === true),
  };
}

function boundTo(view: WorldView, server: GatewayServer, host: string): Config<VirtualService>[] {
  const configs = view.gatewayVirtualServices(gatewayName(server.gateway), host);
  return configs.filter(({ namespace }) => serves(server, host, namespace));
}

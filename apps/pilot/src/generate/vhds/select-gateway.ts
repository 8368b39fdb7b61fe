import { byAge } from '../../model/config.js';
import type { WorldView } from '../../model/contract.js';
import type { GatewayServer } from '../../model/gateways.js';
import { gatewayName } from '../../model/gateways.js';
import type { Proxy } from '../../model/proxy.js';
import { destinationsOf } from './destinations.js';
import { boundTo, redirectedHosts } from './gateway-hosts.js';
import { pickVirtualService, sourceOf } from './http-routes.js';
import type { VirtualHostPick } from './inputs.js';
import { pickRouteSettings } from './route-settings.js';

/**
 * One host as a gateway's route serves it: what all VirtualServices bound to the servers of the route say together.
 * Undefined where they say nothing and nothing is to be redirected.
 */
export function pickForGateway(
  view: WorldView,
  proxy: Proxy,
  route: string,
  host: string,
): VirtualHostPick | undefined {
  const table = view.gatewayTable(proxy).routes.get(route);
  if (!table) return undefined;
  const bound = table.servers.map((server) => ({ server, configs: boundTo(view, proxy, server, host) }));
  const used = bound.filter(({ server, configs }) => configs.length > 0 || redirects(server, host));
  if (used.length === 0) return undefined;
  const { port } = table;
  const configs = [...new Set(used.flatMap((each) => each.configs))].sort(byAge);
  const virtualServices = configs.map((config) => {
    const through = used.filter((each) => each.configs.includes(config));
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
    serviceSources: [...new Set(used.map(({ server }) => server.gateway.key))],
    httpsRedirect: used.some(({ server }) => server.server.tls?.httpsRedirect === true),
    ...pickRouteSettings(view, proxy),
  };
}

function redirects(server: GatewayServer, host: string): boolean {
  return redirectedHosts(server).includes(host);
}

function gatewaysOf(bound: readonly { server: GatewayServer }[]): string[] {
  return [...new Set(bound.map(({ server }) => gatewayName(server.gateway)))];
}

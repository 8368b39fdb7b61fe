import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { mayBeHttp } from '../../model/service.js';
import { itemOf, itemsOf } from '../../world/host-list.js';
import { MESH_GATEWAY } from '../../world/indexes/virtual-service-index.js';
import { HTTP_PROXY_ROUTE, parseSniffedRoute } from '../common/names.js';
import { EgressScope } from '../../model/egress-scope.js';
import { egressScope, importsOfPorts } from '../common/egress-scope.js';
import { allPortsEgress } from '../common/own-egress.js';
import { VIRTUAL_PORT } from './domains.js';
import { servedHosts } from './gateway-hosts.js';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * The hosts of one of a proxy's routes, in the order of their names.
 *
 * @param of these hosts alone, if the route has them
 */
export function hostsOfRoute(
  view: WorldView,
  proxy: Proxy,
  route: string,
  of?: ReadonlySet<string>,
): HostPort[] {
  const found =
    proxy.type === 'router' ? gatewayHosts(view, proxy, route) : sidecarHosts(view, proxy, route, of);
  const asked = of ? found.filter(({ host }) => of.has(host)) : found;
  return asked.sort((a, b) => (a.host === b.host ? a.port - b.port : a.host < b.host ? -1 : 1));
}

function gatewayHosts(view: WorldView, proxy: Proxy, route: string): HostPort[] {
  const table = view.gatewayTable(proxy).routes.get(route);
  if (!table) return [];
  const hosts = table.servers.flatMap((server) => servedHosts(view, proxy, server));
  return [...new Set(hosts)].map((host) => ({ host, port: table.port }));
}

function sidecarHosts(view: WorldView, proxy: Proxy, route: string, of?: ReadonlySet<string>): HostPort[] {
  if (route === HTTP_PROXY_ROUTE) {
    const imports = importsOfPorts(view, proxy);
    return [...servedByProxy(view, proxy, imports, of), ...virtualHosts(view, proxy, of)];
  }
  const sniffed = parseSniffedRoute(route);
  if (sniffed) return [sniffed];
  const own = allPortsEgress(view, proxy, route);
  if (own) {
    const { scope } = own;
    const imports = (namespace: string, host: string): boolean => scope.imports(namespace, host);
    return [...servedByProxy(view, proxy, imports, of), ...virtualHosts(view, proxy, of, scope)];
  }
  const port = Number(route);
  const scope = egressScope(view, proxy, port);
  const services = itemsOf(view.servicesOnPort(port, proxy), of)
    .filter(({ host, namespace, protocol }) => mayBeHttp(protocol) && scope.imports(namespace, host))
    .map(({ host }) => ({ host, port }));
  return port === VIRTUAL_PORT ? [...services, ...virtualHosts(view, proxy, of, scope)] : services;
}

function servedByProxy(
  view: WorldView,
  proxy: Proxy,
  imports: (namespace: string, host: string, port: number) => boolean,
  of?: ReadonlySet<string>,
): HostPort[] {
  return itemsOf(view.services(proxy), of).flatMap(({ host, namespace, ports }) =>
    ports
      .filter(({ number, protocol }) => mayBeHttp(protocol) && imports(namespace, host, number))
      .map(({ number }) => ({ host, port: number })),
  );
}

/** Hosts of VirtualServices that no service has. */
function virtualHosts(
  view: WorldView,
  proxy: Proxy,
  of: ReadonlySet<string> | undefined,
  scope = EgressScope.everything,
): HostPort[] {
  const services = view.services(proxy);
  const hosts = of
    ? [...of].filter((host) => view.namespacesBinding(host, proxy).some((each) => scope.meets(each, host)))
    : view
        .virtualServiceHosts(MESH_GATEWAY, proxy)
        .flatMap(({ namespace, hosts }) => hosts.filter((host) => scope.meets(namespace, host)));
  return [...new Set(hosts)]
    .filter((host) => host !== '*' && !itemOf(services, host))
    .map((host) => ({ host, port: VIRTUAL_PORT }));
}

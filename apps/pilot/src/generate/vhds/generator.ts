import { envoy } from '#common/proto/envoy';
import type { Generator, WorldView } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { egressListeners } from '../common/egress-scope.js';
import { parseVirtualHostResource, virtualHostResource } from '../common/names.js';
import { takesVirtualHosts } from '../common/own-egress.js';
import { seal } from '../common/seal.js';
import { routeNames } from '../rds/routes.js';
import { hostsOfRoute } from './hosts.js';
import type { VirtualHostInputs, VirtualHostPick } from './inputs.js';
import { pickForGateway } from './select-gateway.js';
import { pickForSidecar } from './select-sidecar.js';
import { virtualHost, virtualHostSources } from './virtual-host.js';

/** Virtual hosts that travel by themselves, `<route>/<virtual host>`, for the proxies that take them so. */
export const virtualHostGenerator: Generator<VirtualHostInputs> = {
  type: TYPE.virtualHost,

  names(view, proxy) {
    return routesOf(view, proxy).flatMap((route) => namesOn(view, proxy, route));
  },

  /** A route that comes brings hosts that were there before. */
  namesOf(view, proxy, hosts) {
    if (proxy.type === 'router' || egressListeners(view, proxy).length > 0) return undefined;
    const routes = routesOf(view, proxy);
    const names = routes.flatMap((route) => namesOn(view, proxy, route, hosts));
    return { names, frame: routes.join(' ') };
  },

  select(view, proxy, name) {
    const parsed = parseVirtualHostResource(name);
    if (!parsed) return undefined;
    const pick = pickVirtualHost(view, proxy, parsed.route, parsed.host, parsed.port);
    return pick && seal('VirtualHost', { ...pick, name });
  },

  generate(inputs) {
    const value = envoy.config.route.v3.VirtualHost.encode(virtualHost(inputs)).finish();
    return { value, sources: virtualHostSources(inputs) };
  },
};

/** The routes whose hosts travel one by one. */
function routesOf(view: WorldView, proxy: Proxy): string[] {
  if (!proxy.vhds) return [];
  return routeNames(view, proxy).filter((route) => takesVirtualHosts(proxy, route));
}

function namesOn(view: WorldView, proxy: Proxy, route: string, of?: ReadonlySet<string>): string[] {
  return hostsOfRoute(view, proxy, route, of)
    .filter(({ host }) => host !== '*')
    .map(({ host, port }) => virtualHostResource(route, host, port));
}

export function pickVirtualHost(
  view: WorldView,
  proxy: Proxy,
  route: string,
  host: string,
  port: number,
): VirtualHostPick | undefined {
  return proxy.type === 'router'
    ? pickForGateway(view, proxy, route, host)
    : pickForSidecar(view, proxy, route, host, port);
}

import { envoy } from '#common/proto/envoy';
import type { Generator, WorldView } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
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
    if (!proxy.vhds) return [];
    const routes = routeNames(view, proxy).filter((route) => takesVirtualHosts(proxy, route));
    return routes.flatMap((route) =>
      hostsOfRoute(view, proxy, route)
        .filter(({ host }) => host !== '*')
        .map(({ host, port }) => virtualHostResource(route, host, port)),
    );
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

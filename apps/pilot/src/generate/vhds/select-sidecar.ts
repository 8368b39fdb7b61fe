import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { mayBeHttp } from '../../model/service.js';
import { MESH_GATEWAY } from '../../world/indexes/virtual-service-index.js';
import { parseSniffedRoute } from '../common/names.js';
import { servesAllPorts } from '../common/own-egress.js';
import { destinationsOf, resolve } from './destinations.js';
import type { Named } from './domains.js';
import { VIRTUAL_PORT, domainsOnAllPorts, domainsOnPort, usualHttpPort } from './domains.js';
import { pickVirtualService, sourceOf } from './http-routes.js';
import type { VirtualHostPick } from './inputs.js';
import { pickRouteSettings } from './route-settings.js';

/** One host as a sidecar's route `route` serves it; undefined where that route has no such host. */
export function pickForSidecar(
  view: WorldView,
  proxy: Proxy,
  route: string,
  host: string,
  port: number,
): VirtualHostPick | undefined {
  const service = view.service(host, proxy);
  const protocol = service?.port(port)?.protocol;
  if (service ? !protocol || !mayBeHttp(protocol) : port !== VIRTUAL_PORT) return undefined;
  const virtualService = view.meshVirtualService(host, proxy);
  if (!service && !virtualService) return undefined;
  const virtualServices = virtualService ? [pickVirtualService(view, virtualService, [MESH_GATEWAY])] : [];
  return {
    name: `${host}:${port}`,
    host,
    domains: domains(view, proxy, route, { host, port, service }),
    port,
    ...sourceOf(proxy, virtualServices),
    virtualServices,
    destinations: destinationsOf(view, proxy, virtualServices, port),
    ...(service && !virtualService && { fallback: resolve(view, proxy, `${host}|${port}|`, port) }),
    serviceSources: service?.sources ?? [],
    httpsRedirect: false,
    ...pickRouteSettings(view, proxy),
  };
}

function domains(view: WorldView, proxy: Proxy, route: string, named: Named): string[] {
  if (parseSniffedRoute(route)) return ['*'];
  if (!servesAllPorts(view, proxy, route)) return domainsOnPort(view, proxy, named);
  const usualPort = named.service ? usualHttpPort(named.service) : VIRTUAL_PORT;
  return domainsOnAllPorts(view, proxy, named, usualPort ?? VIRTUAL_PORT);
}

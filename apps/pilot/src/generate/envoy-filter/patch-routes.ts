import type { WorldView } from '../../model/contract.js';
import { gatewayName } from '../../model/gateways.js';
import type { Patch } from '../../model/patch.js';
import type { Proxy } from '../../model/proxy.js';
import type { Place } from './candidates.js';
import { isAt, patchesFor } from './candidates.js';
import type { Fields } from './message.js';
import type { Patching, Picked } from './patched.js';
import { patchRouteConfiguration, patchVirtualHost } from './route-configuration.js';
import type { RouteServer } from './route-match.js';
import { asksForServer, tableMatches } from './route-match.js';

interface RouteContext {
  readonly servers: readonly RouteServer[];
}

/**
 * ROUTE_CONFIGURATION and everything in it. Of a table whose hosts travel by themselves these are the hosts that stay in
 * it, and those that a patch adds.
 */
export const patchRouteTables: Patching<RouteContext> = {
  target: 'ROUTE_CONFIGURATION',
  added: () => [],
  pick: (view, proxy, name) => pickPatches(view, proxy, name, () => true),
  apply: (message, patches, { servers }) =>
    patchRouteConfiguration({ message, prefix: '', servers }, patches),
};

/** VIRTUAL_HOST and HTTP_ROUTE of hosts that travel by themselves. */
export const patchVirtualHosts: Patching<RouteContext> = {
  target: 'VIRTUAL_HOST',

  added: () => [],

  pick(view, proxy, name) {
    const [route, host] = splitName(name);
    return pickPatches(view, proxy, route, (patch) => mayChangeHost(patch, host));
  },

  apply(message, patches) {
    const [route] = splitName(message['name'] as string);
    const result = patchVirtualHost(message, `${route}/`, patches);
    if (result === 'removed') return 'removed';
    replaceMembers(message, result.host);
    return result.applied;
  },
};

/** `80/reviews:9080` is `reviews:9080` of the table `80`. */
function splitName(name: string): [route: string, host: string] {
  const slash = name.indexOf('/');
  return [name.slice(0, slash), name.slice(slash + 1)];
}

/** What is added stays in the table. */
function mayChangeHost({ spec, operation }: Patch, host: string): boolean {
  if (spec.applyTo === 'ROUTE_CONFIGURATION') return false;
  if (spec.applyTo === 'VIRTUAL_HOST' && operation === 'ADD') return false;
  const asked = spec.match?.routeConfiguration?.vhost?.name;
  return !asked || asked === host;
}

function replaceMembers(message: Fields, by: Fields): void {
  if (message === by) return;
  for (const name of Object.keys(message)) delete message[name];
  Object.assign(message, by);
}

function pickPatches(
  view: WorldView,
  proxy: Proxy,
  route: string,
  mayChange: (patch: Patch) => boolean,
): Picked<RouteContext> {
  const candidates = patchesFor(view, proxy, 'route', mayChange);
  if (candidates.length === 0) return { patches: [], context: { servers: [] } };
  const place: Place = proxy.type === 'router' ? 'GATEWAY' : 'SIDECAR_OUTBOUND';
  const here = candidates.filter((patch) => isAt(patch, place));
  const asks = here.some(({ spec }) => asksForServer(spec.match?.routeConfiguration ?? {}));
  const servers = asks && place === 'GATEWAY' ? serversOf(view, proxy, route) : [];
  return { patches: here.filter((patch) => tableMatches(patch, route, servers)), context: { servers } };
}

/** The servers that a gateway's table is for. */
function serversOf(view: WorldView, proxy: Proxy, route: string): RouteServer[] {
  const servers = view.gatewayTable(proxy).routes.get(route)?.servers ?? [];
  return servers.map(({ gateway, server }) => {
    return { gateway: gatewayName(gateway), portName: server.port.name ?? '' };
  });
}

import type { Gateway, MergedListener, PlacedServer, ServerConflict } from '#config';
import { mergeServers, serverKind, sniHosts } from '#config';
import type { Config } from './config.js';

/** A server of a Gateway that a proxy runs, and where the proxy listens for it. */
export interface GatewayServer extends PlacedServer {
  readonly gateway: Config<Gateway>;
  /** Position in its Gateway. */
  readonly index: number;
}

/** One listener of a gateway proxy, with all servers that share it. */
export interface GatewayListener extends MergedListener<GatewayServer> {
  readonly name: string;
}

/** A route table, and the servers whose hosts it has; at least one. */
export interface GatewayRoute {
  readonly name: string;
  /** The servers' own port, which `match.port` and virtual hosts name; the proxy may listen on another. */
  readonly port: number;
  readonly servers: readonly GatewayServer[];
}

/** All that Gateways together make a proxy do. */
export interface GatewayTable {
  readonly listeners: ReadonlyMap<string, GatewayListener>;
  readonly routes: ReadonlyMap<string, GatewayRoute>;
  /** Hosts of the servers that pass the mesh's own TLS on by its SNI; `*` for all. */
  readonly passedOn: readonly string[];
  readonly conflicts: readonly ServerConflict<GatewayServer>[];
}

/** @param servers the older first */
export function gatewayTable(servers: readonly GatewayServer[]): GatewayTable {
  const { listeners, conflicts } = mergeServers(servers);
  const named = listeners.map((listener): [string, GatewayListener] => {
    const name = `${listener.address}_${listener.port}`;
    return [name, { ...listener, name }];
  });
  const routes = listeners.flatMap(routesOf).map((route): [string, GatewayRoute] => [route.name, route]);
  const passing = listeners.flatMap(({ servers: merged }) =>
    merged.filter(({ server }) => serverKind(server) === 'auto-passthrough'),
  );
  return {
    listeners: new Map(named),
    routes: new Map(routes),
    passedOn: [...new Set(passing.flatMap(({ server }) => sniHosts(server)))],
    conflicts,
  };
}

/** Plain HTTP has one table for all servers of a listener; of HTTPS each has its own. */
function routesOf({ family, servers, port }: MergedListener<GatewayServer>): GatewayRoute[] {
  const [first] = servers;
  if (family === 'http' && first)
    return [{ name: httpRoute(first, port), port: first.server.port.number, servers }];
  return servers
    .filter(({ server }) => serverKind(server) === 'https')
    .map((server) => ({ name: httpsRoute(server), port: server.server.port.number, servers: [server] }));
}

/** `http.8080`, `http.8080.10.0.0.1`: Istio's names. */
export function httpRoute({ server }: GatewayServer, port: number): string {
  return `http.${port}${bindSuffix(server.bind)}`;
}

/** `https.443.https.bookinfo.default`: Istio's names. */
export function httpsRoute({ server, gateway }: GatewayServer): string {
  const { number, name = '' } = server.port;
  return `https.${number}.${name}.${gateway.name}.${gateway.namespace}${bindSuffix(server.bind)}`;
}

function bindSuffix(bind: string | undefined): string {
  return bind ? `.${bind}` : '';
}

/** `namespace/name`, as VirtualServices name it. */
export function gatewayName({ namespace, name }: Config<Gateway>): string {
  return `${namespace}/${name}`;
}

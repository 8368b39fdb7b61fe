import type { Gateway, Server } from '#config';
import type { Config } from '../../model/config.js';
import type { WorldView } from '../../model/contract.js';
import { intersectHosts } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';

/** A server of a Gateway that a proxy runs. */
export interface GatewayServer {
  readonly gateway: Config<Gateway>;
  readonly server: Server;
}

/** HTTP servers on one port, the older gateway first. */
export function httpServers(view: WorldView, proxy: Proxy, port?: number): GatewayServer[] {
  return view
    .gateways(proxy.labels)
    .flatMap((gateway) =>
      (gateway.spec.servers ?? [])
        .filter((server) => isHttpServer(server) && (port === undefined || server.port.number === port))
        .map((server) => ({ gateway, server })),
    );
}

function isHttpServer({ port }: Server): boolean {
  return ['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB'].includes(port.protocol.toUpperCase());
}

export function gatewayName({ namespace, name }: Config<Gateway>): string {
  return `${namespace}/${name}`;
}

/** The hosts that a server and the VirtualServices of its gateway have in common: these are served. */
export function servedHosts(view: WorldView, proxy: Proxy, { gateway, server }: GatewayServer): string[] {
  const bound = view.virtualServiceHosts(gatewayName(gateway), proxy.namespace);
  const served = bound.flatMap(({ namespace, hosts }) =>
    hosts.filter((host) =>
      serverHosts(server, gateway.namespace, namespace).some((of) => intersectHosts(host, of)),
    ),
  );
  return [...new Set(served)];
}

/** A server's hosts as far as they admit VirtualServices of a namespace: `ns/host`, `./host`, `*` + `/host`. */
function serverHosts(server: Server, own: string, namespace: string): string[] {
  return server.hosts.flatMap((entry) => {
    const [scope, host] = entry.includes('/') ? entry.split('/', 2) : ['*', entry];
    const admits = scope === '*' || scope === namespace || (scope === '.' && own === namespace);
    return admits && host ? [host] : [];
  });
}

/** Whether this server serves this host to VirtualServices of this namespace. */
export function serves({ gateway, server }: GatewayServer, host: string, namespace: string): boolean {
  return serverHosts(server, gateway.namespace, namespace).some(
    (of) => intersectHosts(host, of) !== undefined,
  );
}

import { envoy } from '#common/proto/envoy';
import { address } from '../common/address.js';
import { inboundCluster } from '../common/names.js';
import type { Any } from '../common/proto.js';
import { any } from '../common/proto.js';
import { serverTls } from './tls.js';

type Listener = envoy.config.listener.v3.Listener.$Properties;
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter.$Properties;
type Manager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.$Properties;

/** How a server takes connections at one address. */
export interface ServerPick {
  readonly sort: 'server';
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The mesh's mTLS and nothing else; plain text otherwise. */
  readonly strict: boolean;
}

export const FAULT = 'envoy.filters.http.fault';

function filters(): { fault: HttpFilter; router: HttpFilter } {
  const { http } = envoy.extensions.filters;
  return {
    fault: { name: FAULT, typedConfig: any(http.fault.v3.HTTPFault, {}) },
    router: { name: 'envoy.filters.http.router', typedConfig: any(http.router.v3.Router, {}) },
  };
}

function manager(config: Manager): Any {
  const { HttpConnectionManager } = envoy.extensions.filters.network.http_connection_manager.v3;
  return any(HttpConnectionManager, config);
}

/**
 * What a client takes for a target: no more than where its routes are.
 *
 * @see https://github.com/grpc/proposal/blob/master/A27-xds-global-load-balancing.md
 */
export function clientListener(name: string, route: string): Listener {
  const { fault, router } = filters();
  const configSource = { ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3 };
  const apiListener = manager({
    statPrefix: route,
    rds: { routeConfigName: route, configSource },
    httpFilters: [fault, router],
  });
  return { name, apiListener: { apiListener } };
}

/**
 * A server tells TLS from plain text by nothing but the port, so it cannot be PERMISSIVE: then it takes plain text, as
 * with Istio.
 *
 * @see https://github.com/grpc/proposal/blob/master/A36-xds-for-servers.md
 */
export function serverListenerAt({ name, address: host, port, strict }: ServerPick): Listener {
  const cluster = inboundCluster(port);
  const typedConfig = manager({
    statPrefix: cluster,
    routeConfig: {
      name: cluster,
      virtualHosts: [
        {
          name: `inbound|http|${port}`,
          domains: ['*'],
          routes: [{ name: 'default', match: { prefix: '/' }, nonForwardingAction: {} }],
        },
      ],
    },
    httpFilters: [filters().router],
  });
  const chain = {
    name: strict ? 'inbound-mtls' : 'inbound-plaintext',
    filters: [{ name: 'envoy.filters.network.http_connection_manager', typedConfig }],
    ...(strict && { transportSocket: serverTls() }),
  };
  return {
    name,
    address: address(host, port),
    filterChains: [chain],
    trafficDirection: envoy.config.core.v3.TrafficDirection.INBOUND,
  };
}

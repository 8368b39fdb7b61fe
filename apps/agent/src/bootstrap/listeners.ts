import { socketAddress, typed, type JsonObject } from './json.js';

const HCM = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'envoy.extensions.filters.http.router.v3.Router';

/** A listener of Envoy's own that passes one path to one cluster and answers 404 to all else. */
export function pathListener(options: {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly cluster: string;
}): JsonObject {
  const { name, host, port, path, cluster } = options;
  const routes = [{ match: { path }, route: { cluster, timeout: '5s' } }];
  const manager = {
    stat_prefix: name,
    generate_request_id: false,
    route_config: { virtual_hosts: [{ name, domains: ['*'], routes }] },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: typed(ROUTER) }],
  };
  const filter = { name: 'envoy.filters.network.http_connection_manager', typed_config: typed(HCM, manager) };
  // Draining must not take away the answer to whoever asks whether this proxy is draining.
  return {
    name,
    traffic_direction: 'UNSPECIFIED',
    address: socketAddress(host, port),
    filter_chains: [{ filters: [filter] }],
  };
}

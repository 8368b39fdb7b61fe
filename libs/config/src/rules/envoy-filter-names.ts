/**
 * Names that filters had in Envoy's API v2. They identify nothing any more, but old manifests look filters up by them.
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.14.0/intro/deprecated
 */
const OLD_NAME = /^envoy\.(?!filters\.)(?:(listener)\.)?([a-z_]+)$/;

const NETWORK: ReadonlySet<string> = new Set([
  'client_ssl_auth',
  'echo',
  'http_connection_manager',
  'mongo_proxy',
  'ratelimit',
  'redis_proxy',
  'tcp_proxy',
]);
const HTTP: ReadonlyMap<string, string> = new Map([
  ...[
    'buffer',
    'cors',
    'csrf',
    'ext_authz',
    'fault',
    'grpc_web',
    'gzip',
    'health_check',
    'lua',
    'router',
  ].map((name): [string, string] => [name, name]),
  ['grpc_http1_bridge', 'grpc_http1_bridge'],
  ['grpc_json_transcoder', 'grpc_json_transcoder'],
  ['ip_tagging', 'ip_tagging'],
  ['rate_limit', 'ratelimit'],
  ['squash', 'squash'],
]);
const LISTENER: ReadonlySet<string> = new Set([
  'http_inspector',
  'original_dst',
  'original_src',
  'proxy_protocol',
  'tls_inspector',
]);

/** Today's name of a filter: `envoy.filters.network.http_connection_manager` for `envoy.http_connection_manager`. */
export function currentFilterName(name: string): string {
  const [, listener, short = ''] = OLD_NAME.exec(name) ?? [];
  if (listener) return LISTENER.has(short) ? `envoy.filters.listener.${short}` : name;
  if (NETWORK.has(short)) return `envoy.filters.network.${short}`;
  const http = HTTP.get(short);
  return http ? `envoy.filters.http.${http}` : name;
}

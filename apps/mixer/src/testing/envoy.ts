/** Static Envoys that talk to a Mixer as Pilot's config makes them: ext_authz and the access log service over mTLS. */
import type { TlsIdentity } from '#common/identity';

type Json = Record<string, unknown>;

export interface SidecarOptions {
  readonly mixer: string;
  readonly identity: TlsIdentity;
  readonly node: {
    readonly name: string;
    readonly serviceAccount: string;
    readonly labels: Record<string, string>;
  };
  readonly direction: 'inbound' | 'outbound';
  /** Where it listens: HOST:PORT. */
  readonly listen: string;
  /** Where it sends requests: HOST:PORT. */
  readonly upstream: string;
  readonly upstreamCluster: string;
  /** A listener for TCP instead of HTTP, and an upstream without TLS. */
  readonly tcp?: boolean;
}

const MIXER_CLUSTER = 'outbound|9091||istio-telemetry.istio-system.svc.cluster.local';

export function sidecarBootstrap(options: SidecarOptions): Json {
  const { node, identity, direction, upstream, upstreamCluster, mixer } = options;
  const callee = direction === 'inbound';
  return {
    node: {
      id: `sidecar~127.0.0.1~${node.name}.default~default.svc.cluster.local`,
      cluster: `${node.labels['app']}.default`,
      metadata: {
        ...{ NAME: node.name, WORKLOAD_NAME: node.name, NAMESPACE: 'default', LABELS: node.labels },
        SERVICE_ACCOUNT: node.serviceAccount,
      },
    },
    static_resources: {
      listeners: [listener(options, callee ? downstreamTls(identity) : undefined)],
      clusters: [
        cluster(upstreamCluster, upstream, callee || options.tcp ? undefined : upstreamTls(identity), false),
        cluster(MIXER_CLUSTER, mixer, upstreamTls(identity), true),
      ],
    },
  };
}

function listener(options: SidecarOptions, transportSocket: Json | undefined): Json {
  const filter = options.tcp ? tcpProxy(options) : httpConnectionManager(options);
  return {
    name: options.direction,
    address: address(options.listen),
    filter_chains: [{ filters: [filter], ...(transportSocket && { transport_socket: transportSocket }) }],
  };
}

function httpConnectionManager(options: SidecarOptions): Json {
  const { direction, upstreamCluster } = options;
  const route = {
    match: { prefix: '/' },
    metadata: { filter_metadata: { istio: { host: upstreamCluster.split('|')[3] } } },
    route: { cluster: upstreamCluster, timeout: '2s' },
  };
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
      stat_prefix: direction,
      route_config: { virtual_hosts: [virtualHost(options, route)] },
      http_filters: [...(direction === 'inbound' ? [extAuthz()] : []), faultFilter(), router()],
      access_log: [accessLog(options, 'http')],
    },
  };
}

function virtualHost(options: SidecarOptions, route: Json): Json {
  const checkSettings = {
    '@type': type('filters.http.ext_authz.v3.ExtAuthzPerRoute'),
    check_settings: { context_extensions: staticAttributes(options) },
  };
  const perFilter = options.direction === 'inbound' ? { 'envoy.filters.http.ext_authz': checkSettings } : {};
  return { name: 'all', domains: ['*'], routes: [route], typed_per_filter_config: perFilter };
}

function staticAttributes({ direction, node, upstreamCluster }: SidecarOptions): Record<string, string> {
  const host = upstreamCluster.split('|')[3] ?? '';
  const uid = `kubernetes://${node.name}.default`;
  const reporter = { 'context.reporter.kind': direction, 'context.reporter.uid': uid };
  if (direction === 'outbound') return { ...reporter, 'source.uid': uid, 'source.namespace': 'default' };
  return {
    ...reporter,
    'destination.uid': uid,
    'destination.namespace': 'default',
    'destination.service.host': host,
    'destination.service.name': host.split('.')[0] ?? '',
    'destination.service.namespace': 'default',
  };
}

function extAuthz(): Json {
  return {
    name: 'envoy.filters.http.ext_authz',
    typed_config: {
      '@type': type('filters.http.ext_authz.v3.ExtAuthz'),
      grpc_service: { envoy_grpc: { cluster_name: MIXER_CLUSTER, authority: 'istio-mixer' }, timeout: '1s' },
      transport_api_version: 'V3',
      status_on_error: { code: 'ServiceUnavailable' },
      include_peer_certificate: true,
    },
  };
}

/** Faults on demand: `x-envoy-fault-abort-request: 418`. */
function faultFilter(): Json {
  return {
    name: 'envoy.filters.http.fault',
    typed_config: {
      '@type': type('filters.http.fault.v3.HTTPFault'),
      abort: { header_abort: {}, percentage: { numerator: 100 } },
    },
  };
}

function router(): Json {
  return {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': type('filters.http.router.v3.Router') },
  };
}

function tcpProxy(options: SidecarOptions): Json {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: {
      '@type': type('filters.network.tcp_proxy.v3.TcpProxy'),
      stat_prefix: 'tcp',
      cluster: options.upstreamCluster,
      access_log: [accessLog(options, 'tcp')],
      access_log_options: { flush_access_log_on_connected: true, access_log_flush_interval: '0.1s' },
    },
  };
}

function accessLog(options: SidecarOptions, kind: 'http' | 'tcp'): Json {
  const tags = Object.entries(staticAttributes(options)).map(([tag, value]) => ({ tag, literal: { value } }));
  const host = {
    tag: 'destination.service.host',
    metadata: { kind: { route: {} }, metadata_key: { key: 'istio', path: [{ key: 'host' }] } },
  };
  const common = {
    log_name: options.direction,
    grpc_service: { envoy_grpc: { cluster_name: MIXER_CLUSTER, authority: 'istio-mixer' } },
    transport_api_version: 'V3',
    buffer_flush_interval: '0.1s',
    custom_tags: options.direction === 'outbound' ? [...tags, host] : tags,
  };
  const headers = { additional_request_headers_to_log: ['content-type'] };
  const name = kind === 'http' ? 'HttpGrpcAccessLogConfig' : 'TcpGrpcAccessLogConfig';
  return {
    name: `envoy.access_loggers.${kind}_grpc`,
    typed_config: {
      '@type': type(`access_loggers.grpc.v3.${name}`),
      common_config: common,
      ...(kind === 'http' ? headers : {}),
    },
  };
}

function cluster(name: string, endpoint: string, transportSocket: Json | undefined, http2: boolean): Json {
  const h2 = {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': type('upstreams.http.v3.HttpProtocolOptions'),
      explicit_http_config: { http2_protocol_options: {} },
    },
  };
  return {
    ...{ name, type: 'STATIC', connect_timeout: '1s' },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(endpoint) } }] }],
    },
    ...(transportSocket && { transport_socket: transportSocket }),
    ...(http2 && { typed_extension_protocol_options: h2 }),
  };
}

function tlsContext({ certChain, privateKey, roots }: TlsIdentity, alpn: string[]): Json {
  return {
    alpn_protocols: alpn,
    tls_certificates: [
      { certificate_chain: { inline_string: certChain }, private_key: { inline_string: privateKey } },
    ],
    validation_context: { trusted_ca: { inline_string: roots } },
  };
}

function upstreamTls(identity: TlsIdentity): Json {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': type('transport_sockets.tls.v3.UpstreamTlsContext'),
      common_tls_context: tlsContext(identity, ['h2']),
    },
  };
}

function downstreamTls(identity: TlsIdentity): Json {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': type('transport_sockets.tls.v3.DownstreamTlsContext'),
      require_client_certificate: true,
      common_tls_context: tlsContext(identity, ['http/1.1']),
    },
  };
}

function address(hostPort: string): Json {
  const [host, port] = hostPort.split(':');
  return { socket_address: { address: host, port_value: Number(port) } };
}

function type(name: string): string {
  return `type.googleapis.com/envoy.extensions.${name}`;
}

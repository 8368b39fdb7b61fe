import { isIP } from 'node:net';
import type { Address } from '#common/flags';
import { socketAddress, typed, type Json, type JsonObject } from './json.js';

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** How to reach Pilot. */
export interface XdsUpstream {
  readonly address: Address;
  /** The SPIFFE ID that Pilot must prove; undefined for a plaintext port. */
  readonly pilotUri: string | undefined;
}

/** HTTP/2 that notices a dead peer. */
const KEPT_ALIVE_HTTP2: JsonObject = {
  [HTTP_OPTIONS]: typed(HTTP_OPTIONS, {
    explicit_http_config: {
      http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '10s' } },
    },
  }),
};

const HTTP2: JsonObject = {
  [HTTP_OPTIONS]: typed(HTTP_OPTIONS, { explicit_http_config: { http2_protocol_options: {} } }),
};

/** `xds-grpc`: Pilot, proven by the SPIFFE ID in its certificate, since an address proves nothing. */
export function xdsCluster({ address, pilotUri }: XdsUpstream): JsonObject {
  return {
    ...cluster('xds-grpc', address),
    connect_timeout: '2s',
    typed_extension_protocol_options: KEPT_ALIVE_HTTP2,
    upstream_connection_options: { tcp_keepalive: { keepalive_time: 300 } },
    ...(pilotUri !== undefined && { transport_socket: mutualTls(pilotUri) }),
  };
}

/** `sds-grpc`: the agent's socket. */
export function sdsCluster(socket: string): JsonObject {
  return {
    name: 'sds-grpc',
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: HTTP2,
    load_assignment: assignment('sds-grpc', { pipe: { path: socket } }),
  };
}

/** A plain upstream on this host: `agent`, `prometheus_stats`. */
export function localCluster(name: string, host: string, port: number): JsonObject {
  return { ...cluster(name, { host, port }), connect_timeout: '0.25s' };
}

/** A gRPC server in plain text. */
export function grpcCluster(name: string, address: Address): JsonObject {
  return { ...cluster(name, address), connect_timeout: '1s', typed_extension_protocol_options: HTTP2 };
}

/** Where the secret of this name comes from. */
export function secretFromAgent(name: string): JsonObject {
  return {
    name,
    sds_config: {
      resource_api_version: 'V3',
      // A certificate that comes late is better than a cluster that is marked ready without one.
      initial_fetch_timeout: '0s',
      api_config_source: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [grpcService('sds-grpc', '0.1s', '1s')],
      },
    },
  };
}

/** A gRPC upstream whose stream is opened again, after a break, within `base` to `max`; Envoy's default is 0.5 to 30 s. */
export function grpcService(clusterName: string, base: string, max: string): JsonObject {
  return {
    envoy_grpc: {
      cluster_name: clusterName,
      retry_policy: { retry_back_off: { base_interval: base, max_interval: max } },
    },
  };
}

function mutualTls(peerUri: string): JsonObject {
  const context = {
    sni: 'istio-pilot.istio-system.svc',
    common_tls_context: {
      alpn_protocols: ['h2'],
      tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
      tls_certificate_sds_secret_configs: [secretFromAgent('default')],
      combined_validation_context: {
        default_validation_context: {
          match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: peerUri } }],
        },
        validation_context_sds_secret_config: secretFromAgent('ROOTCA'),
      },
    },
  };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: typed('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', context),
  };
}

function cluster(name: string, { host, port }: Address): JsonObject {
  return {
    name,
    type: isIP(host) === 0 ? 'STRICT_DNS' : 'STATIC',
    load_assignment: assignment(name, socketAddress(host, port)),
  };
}

function assignment(clusterName: string, address: Json): JsonObject {
  return { cluster_name: clusterName, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] };
}

import type { OwnProxyConfig } from '../proxy-config.js';
import { grpcService } from './clusters.js';
import { socketAddress, typed, type Json, type JsonObject } from './json.js';

/**
 * Envoy keeps about 100 statistics per cluster; with all services of a mesh in view they would be most of its memory.
 * Kept are those that readiness, draining, dashboards and an operator's first questions need.
 */
const PREFIXES = [
  'server.',
  'main_thread.',
  'cluster_manager.',
  'listener_manager.',
  'cluster.xds-grpc.',
  'cluster.sds-grpc.',
  'control_plane.',
  'runtime.load',
];

const SUFFIXES = [
  ...['upstream_cx_total', 'upstream_cx_active', 'upstream_cx_connect_fail', 'upstream_cx_destroy'],
  ...['upstream_cx_destroy_with_active_rq', 'upstream_rq_total', 'upstream_rq_active', 'upstream_rq_retry'],
  ...[
    'upstream_rq_retry_success',
    'upstream_rq_timeout',
    'upstream_rq_pending_overflow',
    'upstream_rq_completed',
  ],
  ...['upstream_rq_2xx', 'upstream_rq_4xx', 'upstream_rq_5xx', 'membership_healthy', 'membership_total'],
  ...['outlier_detection.ejections_active', 'bind_errors', 'update_success', 'update_rejected'],
  ...['downstream_cx_total', 'downstream_cx_active', 'downstream_cx_destroy', 'downstream_cx_drain_close'],
  ...['downstream_rq_total', 'downstream_rq_active', 'downstream_rq_completed', 'downstream_rq_2xx'],
  ...[
    'downstream_rq_4xx',
    'downstream_rq_5xx',
    'no_filter_chain_match',
    'ssl.handshake',
    'ssl.connection_error',
  ],
  ...['ssl.fail_verify_san', 'ssl.fail_verify_error', 'ssl.fail_verify_no_cert', 'ssl.no_certificate'],
  ...['ssl_context_update_by_sds', 'ext_authz.ok', 'ext_authz.denied', 'ext_authz.error'],
  ...['ext_authz.failure_mode_allowed', 'logs_written', 'logs_dropped', 'key_rotation_failed'],
];

/** Istio's names for what is cut out of a statistic's name. Envoy's own set has 20 more expressions to try each time. */
const TAGS: readonly (readonly [name: string, regex: string])[] = [
  ['cluster_name', '^cluster\\.((.+?(\\..+?\\.svc\\.cluster\\.local)?)\\.)'],
  ['tcp_prefix', '^tcp\\.((.*?)\\.)\\w+?$'],
  ['response_code', '_rq(_(\\d{3}))$'],
  ['response_code_class', '_rq(_(\\dxx))$'],
  ['http_conn_manager_prefix', '^http\\.(((?:[_.[:digit:]]*|[_\\[\\]aAbBcCdDeEfF[:digit:]]*))\\.)'],
  ['listener_address', '^listener\\.(((?:[_.[:digit:]]*|[_\\[\\]aAbBcCdDeEfF[:digit:]]*))\\.)'],
];

/** @param more what the proxy's own configuration asks for */
export function statsConfig(more?: OwnProxyConfig['stats']): JsonObject {
  const patterns: Json[] = [
    ...PREFIXES.map((prefix) => ({ prefix })),
    ...SUFFIXES.map((suffix) => ({ suffix: `.${suffix}` })),
    ...(more?.prefixes ?? []).map((prefix) => ({ prefix })),
    ...(more?.suffixes ?? []).map((suffix) => ({ suffix })),
    ...(more?.regexps ?? []).map((regex) => ({ safe_regex: { regex } })),
  ];
  return {
    use_all_default_tags: false,
    stats_tags: TAGS.map(([tag_name, regex]) => ({ tag_name, regex })),
    stats_matcher: { inclusion_list: { patterns } },
  };
}

/** Istio's name of the cluster. */
export const METRICS_SERVICE = 'envoy_metrics_service';

/** Where Envoy sends its statistics by itself, besides being asked for them. */
export function statsSinks(config?: Pick<OwnProxyConfig, 'statsd' | 'metricsService'>): JsonObject {
  const { statsd, metricsService } = config ?? {};
  const sinks = [
    ...(statsd ? [statsdSink(socketAddress(statsd.host, statsd.port))] : []),
    ...(metricsService ? [metricsServiceSink()] : []),
  ];
  return sinks.length > 0 ? { stats_sinks: sinks } : {};
}

function statsdSink({ socket_address: to }: JsonObject): JsonObject {
  const address = { socket_address: { ...(to as JsonObject), protocol: 'UDP' } };
  return {
    name: 'envoy.stat_sinks.statsd',
    typed_config: typed('envoy.config.metrics.v3.StatsdSink', { address }),
  };
}

function metricsServiceSink(): JsonObject {
  const service = { grpc_service: grpcService(METRICS_SERVICE, '0.5s', '10s'), transport_api_version: 'V3' };
  return {
    name: 'envoy.stat_sinks.metrics_service',
    typed_config: typed('envoy.config.metrics.v3.MetricsServiceConfig', service),
  };
}

import type { Address } from '#common/flags';
import { grpcCluster, grpcService, localCluster, sdsCluster, xdsCluster } from './clusters.js';
import { socketAddress, typed, type Json, type JsonObject } from './json.js';
import { pathListener } from './listeners.js';
import { nodeOf, pilotUri, type NodeIdentity } from './node.js';
import type { OwnProxyConfig } from '../proxy-config.js';
import { METRICS_SERVICE, statsConfig, statsSinks } from './stats.js';

/** All that goes into a bootstrap. Ports are what is really listened on, save those that Envoy picks itself (0). */
export interface BootstrapInputs {
  readonly node: NodeIdentity;
  readonly xds: Address;
  readonly xdsPlaintext: boolean;
  /** The agent's SDS socket; at most 107 bytes. */
  readonly sdsSocket: string;
  readonly admin: Address;
  /** The agent's status server. */
  readonly status: Address;
  readonly readinessPort: number | undefined;
  readonly prometheusPort: number | undefined;
  readonly proxyConfig?: OwnProxyConfig | undefined;
}

/** More connections than a workload ever has, fewer than would take the memory of the host. */
const MAX_DOWNSTREAM_CONNECTIONS = 50_000;
const CONNECTIONS_MONITOR =
  'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig';

/** Envoy's bootstrap in proto3 JSON: everything that it must know before Pilot tells it the rest. */
export function bootstrapOf(inputs: BootstrapInputs): JsonObject {
  return {
    node: nodeOf(inputs.node, inputs.proxyConfig),
    admin: { address: socketAddress(inputs.admin.host, inputs.admin.port) },
    dynamic_resources: dynamicResources(),
    static_resources: {
      clusters: clustersOf(inputs),
      listeners: listenersOf(inputs),
    },
    stats_config: statsConfig(inputs.proxyConfig?.stats),
    ...statsSinks(inputs.proxyConfig),
    // A cluster's traffic statistics are made with its first request: most clusters never see one.
    deferred_stat_options: { enable_deferred_creation_stats: true },
    layered_runtime: layeredRuntime(inputs.proxyConfig?.runtimeValues),
    overload_manager: overloadManager(inputs.proxyConfig?.connectionLimit),
  };
}

/** LDS and CDS over one incremental stream to Pilot. Without its first answer Envoy does not go live. */
function dynamicResources(): JsonObject {
  const fromAds = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' };
  return {
    lds_config: fromAds,
    cds_config: fromAds,
    ads_config: {
      api_type: 'DELTA_GRPC',
      transport_api_version: 'V3',
      set_node_on_first_message_only: true,
      grpc_services: [grpcService('xds-grpc', '0.2s', '2s')],
    },
  };
}

function clustersOf(inputs: BootstrapInputs): Json[] {
  const { xds, xdsPlaintext, status, admin } = inputs;
  const expected = xdsPlaintext ? undefined : pilotUri(inputs.node.trustDomain);
  const clusters = [
    xdsCluster({ address: xds, pilotUri: expected }),
    sdsCluster(inputs.sdsSocket),
    localCluster('agent', status.host, status.port),
  ];
  // Port 0: the admin interface is where Envoy puts it, so Envoy cannot be told beforehand.
  if (admin.port !== 0) clusters.push(localCluster('prometheus_stats', admin.host, admin.port));
  const metrics = inputs.proxyConfig?.metricsService;
  if (metrics) clusters.push(grpcCluster(METRICS_SERVICE, metrics));
  return clusters;
}

function listenersOf({ readinessPort, prometheusPort, status, admin }: BootstrapInputs): Json[] {
  const { host } = status;
  const listeners: Json[] = [];
  if (readinessPort !== undefined) {
    listeners.push(
      pathListener({
        name: 'readiness',
        host,
        port: readinessPort,
        path: '/healthz/ready',
        cluster: 'agent',
      }),
    );
  }
  if (prometheusPort !== undefined && admin.port !== 0) {
    const route = { path: '/stats/prometheus', cluster: 'prometheus_stats' };
    listeners.push(pathListener({ name: 'prometheus', host, port: prometheusPort, ...route }));
  }
  return listeners;
}

/** @param values Envoy's runtime keys that the proxy's own configuration sets */
function layeredRuntime(values: Readonly<Record<string, string>> = {}): JsonObject {
  const limits = {
    're2.max_program_size.error_level': 32_768,
    'envoy.reloadable_features.http_reject_path_with_fragment': false,
  };
  return {
    layers: [
      { name: 'global config', static_layer: { ...limits, ...values } },
      { name: 'admin', admin_layer: {} },
    ],
  };
}

function overloadManager(connectionLimit = MAX_DOWNSTREAM_CONNECTIONS): JsonObject {
  return {
    resource_monitors: [
      {
        name: 'envoy.resource_monitors.global_downstream_max_connections',
        typed_config: typed(CONNECTIONS_MONITOR, {
          max_active_downstream_connections: connectionLimit,
        }),
      },
    ],
  };
}

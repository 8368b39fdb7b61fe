import type { Translation } from '../../translate.js';
import type { ExpectedPolicy } from '../oracle/expected.js';

interface ClusterJson {
  readonly name?: string;
  readonly lb_policy?: string;
  readonly connect_timeout?: string;
  readonly ring_hash_lb_config?: { readonly minimum_ring_size?: string };
  readonly maglev_lb_config?: { readonly table_size?: string };
  readonly circuit_breakers?: { readonly thresholds?: readonly Readonly<Record<string, number>>[] };
  readonly outlier_detection?: Readonly<Record<string, number | string>>;
  readonly typed_extension_protocol_options?: Readonly<
    Record<
      string,
      {
        readonly common_http_protocol_options?: {
          readonly idle_timeout?: string;
          readonly max_requests_per_connection?: number;
        };
      }
    >
  >;
}

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** What a cluster keeps to, in the oracle's words; undefined for one that there is not. */
export function clusterPolicy({ clusters }: Translation, name: string): ExpectedPolicy | undefined {
  const cluster = clusters.find((each) => each['name'] === name) as ClusterJson | undefined;
  if (!cluster) return undefined;
  const [limits = {}] = cluster.circuit_breakers?.thresholds ?? [];
  const http = cluster.typed_extension_protocol_options?.[HTTP_OPTIONS]?.common_http_protocol_options;
  return {
    balancing: balancing(cluster),
    connectTimeoutMs: seconds(cluster.connect_timeout) * 1000,
    limits: {
      connections: limits['max_connections'] ?? 0,
      pending: limits['max_pending_requests'] ?? 0,
      requests: limits['max_requests'] ?? 0,
      retries: limits['max_retries'] ?? 0,
      perConnection: http?.max_requests_per_connection ?? 0,
      idleMs: seconds(http?.idle_timeout) * 1000,
    },
    outlier: cluster.outlier_detection && outlier(cluster.outlier_detection),
  };
}

function balancing({ lb_policy: policy = 'ROUND_ROBIN', ...cluster }: ClusterJson): string {
  if (policy === 'MAGLEV') return `maglev ${Number(cluster.maglev_lb_config?.table_size ?? 65537)}`;
  if (policy === 'RING_HASH') return `ring ${Number(cluster.ring_hash_lb_config?.minimum_ring_size ?? 1024)}`;
  return policy;
}

function outlier(detection: Readonly<Record<string, number | string>>): Record<string, number> {
  const numbers: Readonly<Record<string, number | undefined>> = {
    errors: detection['consecutive_5xx'] as number | undefined,
    gateway: detection['consecutive_gateway_failure'] as number | undefined,
    intervalMs: milliseconds(detection['interval']),
    ejectionMs: milliseconds(detection['base_ejection_time']),
    percent: detection['max_ejection_percent'] as number | undefined,
  };
  return Object.fromEntries(
    Object.entries(numbers).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

function milliseconds(duration: number | string | undefined): number | undefined {
  return typeof duration === 'string' ? seconds(duration) * 1000 : undefined;
}

function seconds(duration = '0s'): number {
  return Number(duration.slice(0, -1));
}

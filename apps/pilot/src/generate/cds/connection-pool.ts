import type { ConnectionPoolSettings } from '#config';
import type { envoy } from '#common/proto/envoy';
import { duration, wrapped } from '../common/values.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

/** Istio's default for every limit: none. */
const UNLIMITED = 0xffffffff;

/** Limits of the connections and requests to a cluster. */
export function connectionPool(settings: ConnectionPoolSettings | undefined): Cluster {
  const { tcp, http } = settings ?? {};
  const limit = (value: number | undefined): { value: number } => ({ value: value || UNLIMITED });
  return {
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: limit(tcp?.maxConnections),
          maxPendingRequests: limit(http?.http1MaxPendingRequests),
          maxRequests: limit(http?.http2MaxRequests),
          maxRetries: limit(http?.maxRetries),
          trackRemaining: true,
        },
      ],
    },
    ...(tcp?.tcpKeepalive && { upstreamConnectionOptions: { tcpKeepalive: keepalive(tcp.tcpKeepalive) } }),
  };
}

type Keepalive = NonNullable<NonNullable<ConnectionPoolSettings['tcp']>['tcpKeepalive']>;

function keepalive({ probes, time, interval }: Keepalive): envoy.config.core.v3.TcpKeepalive.$Properties {
  return {
    keepaliveProbes: wrapped(probes || undefined),
    keepaliveTime: wrapped(duration(time)?.seconds),
    keepaliveInterval: wrapped(duration(interval)?.seconds),
  };
}

import type { ConnectionPoolSettings, RetryBudget, TcpKeepalive } from '#config';
import type { envoy } from '#common/proto/envoy';
import { duration, wrapped } from '../common/values.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;
type Thresholds = envoy.config.cluster.v3.CircuitBreakers.Thresholds.$Properties;

/** Istio's default for every limit: none. */
const UNLIMITED = 0xffffffff;

interface PoolOptions {
  readonly retryBudget?: RetryBudget | undefined;
  /** That of the mesh; a pool's own replaces it member by member. */
  readonly keepalive?: TcpKeepalive | undefined;
}

/** Limits of the connections and requests to a cluster. */
export function connectionPool(
  settings: ConnectionPoolSettings | undefined,
  { retryBudget, keepalive: ofMesh }: PoolOptions = {},
): Cluster {
  const { tcp, http } = settings ?? {};
  const limit = (value: number | undefined): { value: number } => ({ value: value || UNLIMITED });
  const thresholds: Thresholds = {
    maxConnections: limit(tcp?.maxConnections),
    maxPendingRequests: limit(http?.http1MaxPendingRequests),
    maxRequests: limit(http?.http2MaxRequests),
    maxRetries: limit(http?.maxRetries),
    trackRemaining: true,
    ...(retryBudget && { retryBudget: budget(retryBudget) }),
  };
  const stated = tcp?.tcpKeepalive ?? ofMesh;
  return {
    circuitBreakers: { thresholds: [thresholds] },
    ...(stated && { upstreamConnectionOptions: { tcpKeepalive: keepalive({ ...ofMesh, ...stated }) } }),
  };
}

/** Istio's defaults: a fifth of the requests, and three at least. */
function budget({
  percent = 20,
  minRetryConcurrency,
  budgetInterval,
}: RetryBudget): Thresholds['retryBudget'] {
  return {
    budgetPercent: { value: percent },
    minRetryConcurrency: { value: minRetryConcurrency || 3 },
    ...(budgetInterval && { budgetInterval: duration(budgetInterval) }),
  };
}

/** Envoy takes whole seconds, none at all is refused by the kernel. */
function keepalive({ probes, time, interval }: TcpKeepalive): envoy.config.core.v3.TcpKeepalive.$Properties {
  const seconds = (text: string | undefined): { value: number } | undefined => {
    const whole = duration(text);
    return wrapped(whole && Math.max(1, Number(whole.seconds)));
  };
  return {
    keepaliveProbes: wrapped(probes || undefined),
    keepaliveTime: seconds(time),
    keepaliveInterval: seconds(interval),
  };
}

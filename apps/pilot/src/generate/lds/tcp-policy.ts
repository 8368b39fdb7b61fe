import type { ConnectionPoolSettings, TunnelSettings } from '#config';
import type { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import { hostAndPort } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import type { Policy } from '../../model/traffic-policy.js';
import { ruleView } from '../../model/traffic-policy.js';
import { parseOutbound } from '../common/names.js';
import { duration } from '../common/values.js';

type TcpProxy = envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.$Properties;

/** What a rule says of the connections that are carried to a cluster. */
export interface TcpPolicy {
  readonly cluster: string;
  readonly idleTimeout?: string;
  readonly maxConnectionDuration?: string;
  /** One client's connections go to one endpoint. */
  readonly bySource?: true;
  readonly tunnel?: TunnelSettings;
  /** Its connections may be HTTP or anything else, and go out in the mesh's mTLS. */
  readonly sniffed?: true;
}

/** Those of these clusters that a rule says anything about. */
export function pickTcpPolicies(view: WorldView, proxy: Proxy, clusters: readonly string[]): TcpPolicy[] {
  return [...new Set(clusters)].flatMap((cluster) => {
    const policy = pickTcpPolicy(view, proxy, cluster);
    return policy && Object.keys(policy).length > 1 ? [policy] : [];
  });
}

function pickTcpPolicy(view: WorldView, proxy: Proxy, cluster: string): TcpPolicy | undefined {
  const parsed = parseOutbound(cluster);
  const rules = parsed ? view.destinationRules(parsed.host, proxy) : [];
  const policy = parsed && ruleView(rules, parsed.port, parsed.subset)?.policy;
  if (!policy) return undefined;
  const port = view.service(parsed.host, proxy)?.port(parsed.port);
  return {
    ...limitsOf(cluster, policy.connectionPool),
    ...(policy.loadBalancer?.consistentHash?.useSourceIp && { bySource: true }),
    ...(policy.tunnel && { tunnel: policy.tunnel }),
    ...(port?.protocol === 'AUTO' && isMeshTls(policy) && { sniffed: true }),
  };
}

/** How long connections to a cluster may last. */
export function limitsOf(cluster: string, pool: ConnectionPoolSettings | undefined): TcpPolicy {
  const { idleTimeout, maxConnectionDuration } = pool?.tcp ?? {};
  return {
    cluster,
    ...(idleTimeout && { idleTimeout }),
    ...(maxConnectionDuration && { maxConnectionDuration }),
  };
}

function isMeshTls({ tls }: Policy): boolean {
  return tls === undefined || tls.mode === 'ISTIO_MUTUAL';
}

/** The part of a TCP proxy that a policy decides. */
export function tcpOptions({ idleTimeout, maxConnectionDuration, bySource, tunnel }: TcpPolicy): TcpProxy {
  return {
    ...(idleTimeout && { idleTimeout: duration(idleTimeout) }),
    ...(maxConnectionDuration && { maxDownstreamConnectionDuration: duration(maxConnectionDuration) }),
    ...(bySource && { hashPolicy: [{ sourceIp: {} }] }),
    ...(tunnel && { tunnelingConfig: tunneling(tunnel) }),
  };
}

function tunneling({ protocol, targetHost, targetPort }: TunnelSettings): TcpProxy['tunnelingConfig'] {
  return { hostname: hostAndPort(targetHost, targetPort), ...(protocol === 'POST' && { usePost: true }) };
}

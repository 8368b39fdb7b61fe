import { envoy } from '#common/proto/envoy';
import { cidrRange } from '../common/cidr.js';
import { any } from '../common/proto.js';
import { provenance } from '../common/provenance.js';
import { ISTIO_ALPN } from '../common/tls.js';
import type { L4Chain, L4Match } from './l4-chain.js';
import type { TcpPolicy } from './tcp-policy.js';
import { tcpOptions } from './tcp-policy.js';

type Filter = envoy.config.listener.v3.Filter.$Properties;
type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;
type FilterChainMatch = envoy.config.listener.v3.FilterChainMatch.$Properties;

/** A filter chain of Envoy, for connections that are carried as they are. */
export function l4FilterChain(chain: L4Chain, policies: readonly TcpPolicy[]): FilterChain {
  const filterChainMatch = chainMatch(chain.match);
  const metadata = provenance(chain.config);
  return {
    ...(chain.name && { name: chain.name }),
    ...(Object.keys(filterChainMatch).length > 0 && { filterChainMatch }),
    filters: l4Filters(chain, policies),
    ...(metadata && { metadata }),
  };
}

/** Whether a chain takes every connection that no other asks for. */
export function takesAllConnections({ match }: L4Chain): boolean {
  return Object.keys(chainMatch(match)).length === 0;
}

export function asksForServerName({ match }: L4Chain): boolean {
  return match.serverNames.length > 0;
}

export function chainMatch({ serverNames, destinationSubnets, sourceSubnets }: L4Match): FilterChainMatch {
  return {
    ...(serverNames.length > 0 && { serverNames: [...serverNames] }),
    ...(destinationSubnets.length > 0 && { prefixRanges: destinationSubnets.map(cidrRange) }),
    ...(sourceSubnets.length > 0 && { sourcePrefixRanges: sourceSubnets.map(cidrRange) }),
  };
}

/** As in Istio, what a rule says of the first target counts for all. */
export function l4Filters(chain: L4Chain, policies: readonly TcpPolicy[] = []): Filter[] {
  const of = (cluster: string): TcpPolicy | undefined => policies.find((each) => each.cluster === cluster);
  const [first = { cluster: '' }, ...others] = chain.targets;
  const speaksMesh = chain.targets.some(({ cluster }) => of(cluster)?.sniffed);
  const before = speaksMesh ? [meshAlpn()] : [];
  if (chain.dialect === 'REDIS' && others.length === 0) return [...before, redisProxy(first.cluster)];
  const reads = chain.dialect === 'MONGO' ? [mongoProxy(first.cluster)] : [];
  return [...before, ...reads, tcpProxyOf(chain, of(first.cluster))];
}

function tcpProxyOf({ targets, statPrefix }: L4Chain, policy: TcpPolicy | undefined): Filter {
  const { TcpProxy } = envoy.extensions.filters.network.tcp_proxy.v3;
  const [first = { cluster: '' }, ...others] = targets;
  const clusters = targets.map(({ cluster, weight }) => ({ name: cluster, weight }));
  const destination =
    others.length > 0
      ? { statPrefix, weightedClusters: { clusters } }
      : { statPrefix: first.cluster, cluster: first.cluster };
  const typedConfig = any(TcpProxy, { ...destination, ...(policy && tcpOptions(policy)) });
  return { name: 'envoy.filters.network.tcp_proxy', typedConfig };
}

/**
 * A cluster that carries HTTP as well offers the ALPN of HTTP, by which the other side knows what it gets inside of
 * mTLS. For connections that are none it is said here.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/well_known_filter_state
 */
function meshAlpn(): Filter {
  const { Config } = envoy.extensions.filters.network.set_filter_state.v3;
  const value = {
    objectKey: 'envoy.network.application_protocols',
    formatString: { textFormatSource: { inlineString: ISTIO_ALPN } },
  };
  return {
    name: 'envoy.filters.network.set_filter_state',
    typedConfig: any(Config, { onNewConnection: [value] }),
  };
}

/** Counts what is asked of the database; passes everything on. */
function mongoProxy(statPrefix: string): Filter {
  const { MongoProxy } = envoy.extensions.filters.network.mongo_proxy.v3;
  return { name: 'envoy.filters.network.mongo_proxy', typedConfig: any(MongoProxy, { statPrefix }) };
}

function redisProxy(cluster: string): Filter {
  const { RedisProxy } = envoy.extensions.filters.network.redis_proxy.v3;
  const typedConfig = any(RedisProxy, {
    statPrefix: cluster,
    latencyInMicros: true,
    settings: { opTimeout: { seconds: 5 } },
    prefixRoutes: { catchAllRoute: { cluster } },
  });
  return { name: 'envoy.filters.network.redis_proxy', typedConfig };
}

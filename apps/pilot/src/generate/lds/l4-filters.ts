import { envoy } from '#common/proto/envoy';
import { cidrRange } from '../common/cidr.js';
import { any } from '../common/proto.js';
import { provenance } from '../common/provenance.js';
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

function chainMatch({ serverNames, destinationSubnets, sourceSubnets }: L4Match): FilterChainMatch {
  return {
    ...(serverNames.length > 0 && { serverNames: [...serverNames] }),
    ...(destinationSubnets.length > 0 && { prefixRanges: destinationSubnets.map(cidrRange) }),
    ...(sourceSubnets.length > 0 && { sourcePrefixRanges: sourceSubnets.map(cidrRange) }),
  };
}

/** As in Istio, what a rule says of the first target counts for all. */
export function l4Filters({ targets, statPrefix }: L4Chain, policies: readonly TcpPolicy[]): Filter[] {
  const { TcpProxy } = envoy.extensions.filters.network.tcp_proxy.v3;
  const [first = { cluster: '' }, ...others] = targets;
  const policy = policies.find(({ cluster }) => cluster === first.cluster);
  const destination =
    others.length > 0
      ? { statPrefix, weightedClusters: weighted(targets) }
      : { statPrefix: first.cluster, cluster: first.cluster };
  const typedConfig = any(TcpProxy, { ...destination, ...(policy && tcpOptions(policy)) });
  return [{ name: 'envoy.filters.network.tcp_proxy', typedConfig }];
}

function weighted(targets: L4Chain['targets']) {
  return { clusters: targets.map(({ cluster, weight }) => ({ name: cluster, weight })) };
}

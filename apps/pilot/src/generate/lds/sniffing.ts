import type { envoy } from '#common/proto/envoy';
import { cidrRange } from '../common/cidr.js';
import { duration } from '../common/values.js';
import type { HttpPick } from './http-pick.js';
import { httpConnectionManager } from './http-connection-manager.js';
import { httpInspector, tlsInspector } from './listener-filters.js';

type Listener = envoy.config.listener.v3.Listener.$Properties;
type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;

/** HTTP among connections of other kinds, known by looking at what they begin with. */
export interface SniffedHttp {
  readonly manager: HttpPick;
  /** For each filter chain the ranges that it is for; empty for all. */
  readonly destinationSubnets: readonly (readonly string[])[];
}

/** What the HTTP inspector finds. */
export function plainHttp(http10: boolean): string[] {
  return [...(http10 ? ['http/1.0'] : []), 'http/1.1', 'h2c'];
}

export function sniffedHttpChains({ manager, destinationSubnets }: SniffedHttp): FilterChain[] {
  return destinationSubnets.map((subnets) => ({
    filterChainMatch: {
      ...(subnets.length > 0 && { prefixRanges: subnets.map(cidrRange) }),
      transportProtocol: 'raw_buffer',
      applicationProtocols: plainHttp(manager.http10 ?? false),
    },
    filters: [httpConnectionManager(manager)],
  }));
}

/**
 * Beside HTTP, a chain that says nothing about the transport would not get plain text any more: Envoy looks for it
 * among those that ask for it, and does not come back.
 */
export function besideHttp(chain: FilterChain): FilterChain[] {
  const { filterChainMatch = {} } = chain;
  if (filterChainMatch?.serverNames?.length) return [chain];
  return [{ ...chain, filterChainMatch: { ...filterChainMatch, transportProtocol: 'raw_buffer' } }, chain];
}

/** @param timeout see {@link waiting} */
export function sniffing(timeout: string): Listener {
  return { listenerFilters: [tlsInspector(), httpInspector()], ...waiting(timeout) };
}

/**
 * Who connects may wait for the server to speak first: then nothing is to be seen, and after the time the connection
 * is taken as it is. A timeout of 0 waits for ever, as Istio does by default.
 */
export function waiting(timeout: string): Listener {
  return { listenerFiltersTimeout: duration(timeout), continueOnListenerFiltersTimeout: true };
}

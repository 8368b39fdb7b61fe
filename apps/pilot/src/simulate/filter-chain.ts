import { isLoopback, longestPrefix } from './addresses.js';
import type { Call } from './call.js';
import type { CidrRange, FilterChain, FilterChainMatch, Listener } from './envoy-config.js';

/** What a listener's filters find out about a connection before a filter chain is chosen. */
interface Connection {
  readonly port: number;
  readonly address: string;
  readonly source: string;
  readonly sourcePort: number;
  readonly serverName: string;
  readonly transport: string;
  readonly protocols: readonly string[];
}

/**
 * The filter chain of a listener that gets a call. Envoy looks at one criterion after the other; at each, the chains
 * with the most specific value that fits stay, and it never comes back to those that it left, even where no chain
 * stays in the end.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto#config-listener-v3-filterchainmatch
 */
export function filterChainOf(listener: Listener, call: Call): FilterChain | undefined {
  const connection = inspected(listener, call);
  let chains = listener.filter_chains ?? [];
  for (const criterion of CRITERIA) {
    const specificity = chains.map(({ filter_chain_match: match = {} }) => criterion(match, connection));
    const best = Math.max(...specificity.map((value) => value ?? -1));
    chains = chains.filter((_chain, index) => specificity[index] === best);
  }
  return chains[0] ?? listener.default_filter_chain;
}

function inspected(listener: Listener, { destination, source, tls, http }: Call): Connection {
  const has = (name: string): boolean =>
    (listener.listener_filters ?? []).some((filter) => filter.name === `envoy.filters.listener.${name}`);
  const seesTls = tls !== undefined && (has('tls_inspector') || asksForTls(listener));
  const seenHttp =
    !tls && http && has('http_inspector')
      ? [http.version === 'h2' ? 'h2c' : (http.version ?? 'http/1.1')]
      : [];
  return {
    ...destination,
    source: source?.address ?? '127.0.0.1',
    sourcePort: source?.port ?? 0,
    serverName: (seesTls && tls.sni?.toLowerCase()) || '',
    transport: seesTls ? 'tls' : 'raw_buffer',
    protocols: seesTls ? (tls.alpn ?? []) : seenHttp,
  };
}

/** Envoy adds the inspector by itself where a chain could not be chosen without. */
function asksForTls({ filter_chains: chains = [] }: Listener): boolean {
  return chains.some(({ filter_chain_match: match }) => {
    const byTls = match?.transport_protocol === 'tls' || (match?.server_names?.length ?? 0) > 0;
    return (
      byTls || (match?.transport_protocol === undefined && (match?.application_protocols?.length ?? 0) > 0)
    );
  });
}

/** How well a chain's match fits in one respect: higher is better, 0 where it says nothing, undefined for not at all. */
type Criterion = (match: FilterChainMatch, connection: Connection) => number | undefined;

const CRITERIA: readonly Criterion[] = [
  ({ destination_port: port }, connection) => equal(port, connection.port),
  ({ prefix_ranges: ranges }, { address }) => prefix(ranges, address),
  ({ server_names: names }, { serverName }) => serverNameFit(names, serverName),
  ({ transport_protocol: protocol }, { transport }) => equal(protocol, transport),
  ({ application_protocols: wanted }, { protocols }) => protocolFit(wanted, protocols),
  ({ direct_source_prefix_ranges: ranges }, { source }) => prefix(ranges, source),
  ({ source_type: type }, connection) => sourceTypeFit(type, connection),
  ({ source_prefix_ranges: ranges }, { source }) => prefix(ranges, source),
  ({ source_ports: ports }, { sourcePort }) =>
    !ports?.length ? 0 : ports.includes(sourcePort) ? 1 : undefined,
];

function equal<T>(wanted: T | undefined, value: T): number | undefined {
  if (wanted === undefined) return 0;
  return wanted === value ? 1 : undefined;
}

function prefix(ranges: readonly CidrRange[] | undefined, address: string): number | undefined {
  if (!ranges?.length) return 0;
  const longest = longestPrefix(ranges, address);
  return longest === undefined ? undefined : longest + 1;
}

/** An exact name, then the longest of the wildcards `*.example.com`. */
function serverNameFit(names: readonly string[] | undefined, serverName: string): number | undefined {
  if (!names?.length) return 0;
  const fits = names.flatMap((name) => {
    if (name === serverName && name !== '') return [Infinity];
    const suffix = name.startsWith('*.') ? name.slice(1) : undefined;
    return suffix && serverName.length > suffix.length && serverName.endsWith(suffix) ? [suffix.length] : [];
  });
  return fits.length > 0 ? Math.max(...fits) : undefined;
}

/** The caller's order of preference counts, not the chains'. */
function protocolFit(wanted: readonly string[] | undefined, offered: readonly string[]): number | undefined {
  if (!wanted?.length) return 0;
  const index = offered.findIndex((protocol) => wanted.includes(protocol));
  return index < 0 ? undefined : offered.length - index;
}

function sourceTypeFit(
  type: FilterChainMatch['source_type'],
  { source, address }: Connection,
): number | undefined {
  if (!type || type === 'ANY') return 0;
  const local = isLoopback(source) || source === address;
  return local === (type === 'SAME_IP_OR_LOOPBACK') ? 1 : undefined;
}

import type { ConfigDump, JsonRecord } from './dump.js';
import { at, record, records, sections, text, texts } from './dump.js';
import { matchesFilter, type Filter, type Listing } from './listing.js';

/** Listeners, a row for each filter chain: what it takes, and where that goes. */
export function listeners(dump: ConfigDump, filter: Filter): Listing {
  const found = sections(dump, 'ListenersConfigDump').flatMap((section) => [
    ...records(section['static_listeners']).map((entry) => record(entry['listener'])),
    ...records(section['dynamic_listeners']).map((entry) => record(at(entry, 'active_state', 'listener'))),
  ]);
  const items = found.filter((listener) => matchesFilter(filter, bindOf(listener)));
  const rows = items.flatMap((listener) => chainsOf(listener).map((chain) => row(listener, chain)));
  return { header: ['ADDRESSES', 'PORT', 'MATCH', 'DESTINATION'], rows, items };
}

function bindOf(listener: JsonRecord): { name: string; address: string; port: string } {
  const name = text(listener['name']);
  const socket = record(at(listener, 'address', 'socket_address'));
  const pipe = text(at(listener, 'address', 'pipe', 'path'));
  const internal = listener['internal_listener'] === undefined ? '' : 'internal';
  const address = text(socket['address']) || pipe || internal;
  return { name, address, port: text(socket['port_value']) || '0' };
}

function chainsOf(listener: JsonRecord): JsonRecord[] {
  const fallback = listener['default_filter_chain'];
  return [...records(listener['filter_chains']), ...(fallback === undefined ? [] : [record(fallback)])];
}

function row(listener: JsonRecord, chain: JsonRecord): string[] {
  const { address, port } = bindOf(listener);
  return [address, port, matchOf(record(chain['filter_chain_match'])), destinationOf(chain)];
}

function matchOf(match: JsonRecord): string {
  const ranges = records(match['prefix_ranges']).map(
    (range) => `${text(range['address_prefix'])}/${text(range['prefix_len'])}`,
  );
  const port = text(match['destination_port']);
  const parts = [
    ['SNI', texts(match['server_names']).join(',')],
    ['Trans', text(match['transport_protocol'])],
    ['App', texts(match['application_protocols']).join(',')],
    ['Addr', ranges.join(',') + (port ? `:${port}` : '')],
  ].filter(([, value]) => value);
  return parts.length === 0 ? 'ALL' : parts.map(([what, value]) => `${what}: ${value}`).join('; ');
}

function destinationOf(chain: JsonRecord): string {
  const configs = records(chain['filters']).map((filter) => record(filter['typed_config']));
  for (const config of configs) {
    const destination = httpDestination(config) ?? tcpDestination(config);
    if (destination !== undefined) return destination;
  }
  return 'Non-HTTP/Non-TCP';
}

function httpDestination(config: JsonRecord): string | undefined {
  if (!text(config['@type']).endsWith('HttpConnectionManager')) return undefined;
  const route = text(at(config, 'rds', 'route_config_name'));
  if (route) return `Route: ${route}`;
  const hosts = records(at(config, 'route_config', 'virtual_hosts'));
  const clusters = hosts.flatMap((host) =>
    records(host['routes']).map((each) => text(at(each, 'route', 'cluster'))),
  );
  const [first = ''] = clusters;
  return first ? `Cluster: ${first}` : 'Inline Route';
}

function tcpDestination(config: JsonRecord): string | undefined {
  if (!text(config['@type']).endsWith('TcpProxy')) return undefined;
  const weighted = records(at(config, 'weighted_clusters', 'clusters')).map(({ name }) => text(name));
  return `Cluster: ${text(config['cluster']) || weighted.join(', ')}`;
}

import type { ConfigDump, JsonRecord } from './dump.js';
import { at, record, records, sections, text, texts } from './dump.js';
import type { Filter, Listing } from './listing.js';

/**
 * Route tables. Virtual hosts that travelled one by one stand in Envoy under `<route>/<virtual host>`: here they have
 * the names that they have in a whole table.
 */
export function routes(dump: ConfigDump, { name }: Filter): Listing {
  const found = sections(dump, 'RoutesConfigDump').flatMap((section) => [
    ...records(section['dynamic_route_configs']),
    ...records(section['static_route_configs']),
  ]);
  const items = found
    .map((entry) => underIstioNames(record(entry['route_config'])))
    .filter((route) => name === undefined || text(route['name']) === name);
  const rows = items.flatMap((route) =>
    records(route['virtual_hosts']).flatMap((host) => hostRows(text(route['name']), host)),
  );
  return { header: ['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'], rows, items };
}

function underIstioNames(route: JsonRecord): JsonRecord {
  const prefix = `${text(route['name'])}/`;
  const hosts = records(route['virtual_hosts']).map((host) => {
    const name = text(host['name']);
    return name.startsWith(prefix) ? { ...host, name: name.slice(prefix.length) } : host;
  });
  return { ...route, virtual_hosts: hosts };
}

function hostRows(route: string, host: JsonRecord): string[][] {
  const start = [route, text(host['name']), domainsOf(texts(host['domains']))];
  const found = records(host['routes']).map((each) => [...start, matchOf(each), virtualServiceOf(each)]);
  return found.length > 0 ? found : [[...start, '', '']];
}

function domainsOf(domains: readonly string[]): string {
  const shown = domains.slice(0, 2).join(', ');
  return domains.length > 2 ? `${shown} + ${domains.length - 2} more...` : shown;
}

function matchOf(route: JsonRecord): string {
  const match = record(route['match']);
  if (typeof match['prefix'] === 'string') return `${match['prefix']}*`;
  if (typeof match['path_separated_prefix'] === 'string')
    return `PathPrefix:${match['path_separated_prefix']}`;
  if (typeof match['path'] === 'string') return match['path'];
  const regex = text(at(match, 'safe_regex', 'regex'));
  return regex ? `regex ${regex}` : '';
}

/** `reviews.default`, from the config path that Istio writes into the metadata; 404 where Envoy answers itself. */
function virtualServiceOf(route: JsonRecord): string {
  const path = text(at(route, 'metadata', 'filter_metadata', 'istio', 'config'));
  const [, namespace, name] = /\/namespaces\/([^/]+)\/virtual-service\/([^/]+)$/.exec(path) ?? [];
  return name === undefined ? '' : `${name}.${namespace}`;
}

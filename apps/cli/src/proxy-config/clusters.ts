import type { ConfigDump, JsonRecord } from './dump.js';
import { at, record, records, sections, text } from './dump.js';
import { matchesFilter, type Filter, type Listing } from './listing.js';

/** `outbound|9080|v1|reviews.default.svc.cluster.local`, in its parts; other names are a host alone. */
export interface ClusterName {
  readonly direction: string;
  readonly port: string;
  readonly subset: string;
  readonly host: string;
}

export function parseClusterName(name: string): ClusterName {
  const [direction = '', port = '', subset = '', host] = name.split('|');
  if (host === undefined) return { direction: '', port: '', subset: '', host: name };
  return { direction, port, subset, host };
}

export function clusters(dump: ConfigDump, filter: Filter): Listing {
  const found = sections(dump, 'ClustersConfigDump').flatMap((section) => [
    ...records(section['static_clusters']),
    ...records(section['dynamic_active_clusters']),
  ]);
  const items = found
    .map((entry) => record(entry['cluster']))
    .filter((cluster) => {
      const name = text(cluster['name']);
      return matchesFilter(filter, { ...parseClusterName(name), name });
    });
  const header = ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'];
  return { header, rows: items.map(row).sort(byCells), items };
}

function byCells(a: readonly string[], b: readonly string[]): number {
  return a.join('\0') < b.join('\0') ? -1 : 1;
}

function row(cluster: JsonRecord): string[] {
  const { host, port, subset, direction } = parseClusterName(text(cluster['name']));
  const type = text(cluster['type']) || text(at(cluster, 'cluster_type', 'name')) || 'STATIC';
  return [host, port || '-', subset || '-', direction || '-', type, destinationRuleOf(cluster)];
}

function destinationRuleOf(cluster: JsonRecord): string {
  const path = text(at(cluster, 'metadata', 'filter_metadata', 'istio', 'config'));
  const [, namespace, name] = /\/namespaces\/([^/]+)\/destination-rule\/([^/]+)$/.exec(path) ?? [];
  return name === undefined ? '' : `${name}.${namespace}`;
}

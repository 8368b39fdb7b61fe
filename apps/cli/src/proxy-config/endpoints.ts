import type { ConfigDump, Json, JsonRecord } from './dump.js';
import { at, record, records, sections, text } from './dump.js';
import { parseClusterName } from './clusters.js';
import { matchesFilter, type Filter, type Listing } from './listing.js';

const HEADER = ['ENDPOINT', 'STATUS', 'OUTLIER CHECK', 'CLUSTER'];

/** Endpoints as Envoy sees them now, from its `/clusters?format=json`. */
export function liveEndpoints(page: Json, filter: Filter): Listing {
  const found = records(at(page, 'cluster_statuses')).flatMap((cluster) =>
    records(cluster['host_statuses']).map((host) => ({ cluster: text(cluster['name']), host })),
  );
  const kept = found.filter(({ cluster, host }) => isWanted(filter, cluster, host['address']));
  return {
    header: HEADER,
    rows: kept.map(({ cluster, host }) => [
      addressOf(host['address']),
      text(at(host, 'health_status', 'eds_health_status')) || 'HEALTHY',
      at(host, 'health_status', 'failed_outlier_check') === true ? 'FAILED' : 'OK',
      cluster,
    ]),
    items: kept.map(({ cluster, host }) => ({ cluster, ...host })),
  };
}

/** Endpoints as they were sent: nothing is known of their health. */
export function sentEndpoints(dump: ConfigDump, filter: Filter): Listing {
  const assignments = sections(dump, 'EndpointsConfigDump').flatMap((section) =>
    records(section['dynamic_endpoint_configs']).map((entry) => record(entry['endpoint_config'])),
  );
  const found = assignments.flatMap((assignment) => endpointsOf(assignment));
  const kept = found.filter(({ cluster, endpoint }) =>
    isWanted(filter, cluster, at(endpoint, 'endpoint', 'address')),
  );
  return {
    header: HEADER,
    rows: kept.map(({ cluster, endpoint }) => [
      addressOf(at(endpoint, 'endpoint', 'address')),
      text(endpoint['health_status']) || '-',
      '-',
      cluster,
    ]),
    items: kept.map(({ cluster, endpoint }) => ({ cluster, ...endpoint })),
  };
}

function endpointsOf(assignment: JsonRecord): { cluster: string; endpoint: JsonRecord }[] {
  const cluster = text(assignment['cluster_name']);
  return records(assignment['endpoints']).flatMap((locality) =>
    records(locality['lb_endpoints']).map((endpoint) => ({ cluster, endpoint })),
  );
}

function isWanted(filter: Filter, cluster: string, address: Json | undefined): boolean {
  const socket = record(at(address, 'socket_address'));
  const { host, subset, direction } = parseClusterName(cluster);
  const item = { name: cluster, host, subset, direction };
  return matchesFilter(filter, {
    ...item,
    port: text(socket['port_value']),
    address: text(socket['address']),
  });
}

function addressOf(address: Json | undefined): string {
  const socket = record(at(address, 'socket_address'));
  const host = text(socket['address']);
  if (!host) return `unix://${text(at(address, 'pipe', 'path'))}`;
  return `${host.includes(':') ? `[${host}]` : host}:${text(socket['port_value'])}`;
}

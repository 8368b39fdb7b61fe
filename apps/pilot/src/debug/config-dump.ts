import { messageToJson, type JsonObject } from '#common/proto/json';
import type { Held } from '../ads/held.js';
import type { Subscription } from '../ads/subscription.js';
import { TYPE } from '../model/contract.js';
import { routeOf } from '../push/virtual-hosts.js';

type Subscriptions = ReadonlyMap<string, Subscription>;

/** A type of Envoy's admin dump: its message, the field with the entries, and how one entry wraps a resource. */
interface Section {
  readonly type: string;
  readonly message: string;
  readonly field: string;
  readonly entry: (resource: JsonObject, version: string) => JsonObject;
}

const SECTIONS: readonly Section[] = [
  {
    type: TYPE.cluster,
    message: 'ClustersConfigDump',
    field: 'dynamic_active_clusters',
    entry: (cluster, version) => ({ version_info: version, cluster }),
  },
  {
    type: TYPE.endpoint,
    message: 'EndpointsConfigDump',
    field: 'dynamic_endpoint_configs',
    entry: (assignment, version) => ({ version_info: version, endpoint_config: assignment }),
  },
  {
    type: TYPE.listener,
    message: 'ListenersConfigDump',
    field: 'dynamic_listeners',
    entry: (listener, version) => ({
      name: listener['name'] ?? '',
      active_state: { version_info: version, listener },
    }),
  },
  {
    type: TYPE.route,
    message: 'RoutesConfigDump',
    field: 'dynamic_route_configs',
    entry: (route, version) => ({ version_info: version, route_config: route }),
  },
  {
    type: TYPE.secret,
    message: 'SecretsConfigDump',
    field: 'dynamic_active_secrets',
    entry: ({ name = '' }, version) => ({ name, version_info: version, secret: { name, redacted: true } }),
  },
];

/**
 * What Pilot has sent to a proxy, in the form of Envoy's /config_dump, so that tools read either. Routes are whole,
 * whatever way they travelled, and secrets are named without what they hold.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/config_dump.proto
 */
export function configDump(subscriptions: Subscriptions): JsonObject {
  const sections = SECTIONS.filter(({ type }) => subscriptions.has(type));
  return { configs: sections.map((section) => sectionDump(section, subscriptions)) };
}

function sectionDump({ type, message, field, entry }: Section, subscriptions: Subscriptions): JsonObject {
  const held = [...(subscriptions.get(type)?.held ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  const hosts = type === TYPE.route ? hostsByRoute(subscriptions) : new Map<string, JsonObject[]>();
  const entries = held.flatMap(([name, { value, version }]) => {
    if (!value) return [];
    const resource = type === TYPE.secret ? { name } : whole(read(type, value), hosts.get(name));
    return [entry({ '@type': type, ...resource }, version)];
  });
  return { '@type': `type.googleapis.com/envoy.admin.v3.${message}`, [field]: entries };
}

function read(type: string, value: NonNullable<Held['value']>): JsonObject {
  return messageToJson(type.slice(type.indexOf('/') + 1), value);
}

/** The virtual hosts that travelled one by one, under the names that they have in a whole table. */
function hostsByRoute(subscriptions: Subscriptions): Map<string, JsonObject[]> {
  const found = new Map<string, JsonObject[]>();
  for (const [name, { value }] of subscriptions.get(TYPE.virtualHost)?.held ?? []) {
    if (!value) continue;
    const route = routeOf(name);
    const host = { ...read(TYPE.virtualHost, value), name: name.slice(route.length + 1) };
    found.set(route, [...(found.get(route) ?? []), host]);
  }
  return found;
}

/** The host `*` stands last in a whole table. */
function whole({ vhds, ...route }: JsonObject, hosts: JsonObject[] = []): JsonObject {
  if (vhds === undefined) return route;
  const own = Array.isArray(route['virtual_hosts']) ? route['virtual_hosts'] : [];
  const sorted = [...hosts].sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
  return { ...route, virtual_hosts: [...sorted, ...own] };
}

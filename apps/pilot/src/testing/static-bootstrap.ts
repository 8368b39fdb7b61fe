import type { JsonObject, JsonValue } from '#common/proto/json';
import type { Translation } from '../translate.js';

/**
 * What a proxy gets over xDS, in the static form that `envoy --mode validate` reads: routes inside their listeners,
 * endpoints inside their clusters. Several translations fit into one bootstrap: each listener has an address of its
 * own, and each cluster the name of its case in front, but for those that Envoy looks up when it reads the filters.
 */
export function staticBootstrap(translations: ReadonlyMap<string, Translation>): JsonObject {
  const listeners = [...translations].flatMap(([name, translation]) => staticListeners(name, translation));
  const clusters = [...translations].flatMap(([name, translation]) => staticClusters(name, translation));
  const byName = new Map([...clusters, ...AGENT_CLUSTERS].map((cluster) => [nameOf(cluster), cluster]));
  return {
    node: { id: 'sidecar~10.0.0.1~a.default~default.svc.cluster.local', cluster: 'a' },
    static_resources: {
      listeners: listeners.map((listener, index) => ({ ...listener, address: address(index) })),
      clusters: [...byName.values()],
    },
  };
}

/** Any address does: validation binds none. */
function address(index: number): JsonObject {
  return { socket_address: { address: '127.0.0.1', port_value: 20_000 + index } };
}

/** The clusters of the agent's bootstrap that generated config refers to. */
const AGENT_CLUSTERS: readonly JsonObject[] = ['sds-grpc', 'xds-grpc'].map((name) => ({
  name,
  type: 'STATIC',
  connect_timeout: '1s',
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: '/tmp/agent.sock' } } } }] }],
  },
}));

function staticListeners(name: string, { listeners, routes }: Translation): JsonObject[] {
  const byName = new Map(routes.map((route) => [route['name'], route]));
  return listeners.map((listener) => {
    const inlined = replaceMembers(listener, 'rds', (rds) => {
      return { route_config: byName.get((rds as JsonObject)['route_config_name'] ?? '') ?? null };
    }) as JsonObject;
    return { ...inlined, name: `${name}/${nameOf(listener)}` };
  });
}

function staticClusters(name: string, { clusters, endpoints }: Translation): JsonObject[] {
  return clusters.map((cluster) => {
    const isMixer = /\|istio-(policy|telemetry)\./.test(nameOf(cluster));
    const named = isMixer ? cluster : { ...cluster, name: `${name}/${nameOf(cluster)}` };
    if (cluster['type'] !== 'EDS') return named;
    const { eds_cluster_config: _, ...rest } = named;
    const assignment = endpoints.find((each) => each['cluster_name'] === cluster['name']);
    return { ...rest, type: 'STATIC', load_assignment: assignment ?? { cluster_name: 'none' } };
  });
}

function nameOf({ name }: JsonObject): string {
  return typeof name === 'string' ? name : '';
}

/** Replaces each member of this name, however deep, by other members. */
function replaceMembers(value: JsonValue, name: string, by: (member: JsonValue) => JsonObject): JsonValue {
  if (Array.isArray(value)) return value.map((item) => replaceMembers(item, name, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      key === name ? Object.entries(by(member)) : [[key, replaceMembers(member, name, by)]],
    ),
  );
}

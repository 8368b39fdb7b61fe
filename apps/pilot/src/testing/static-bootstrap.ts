import type { TlsIdentity } from '#common/identity';
import type { JsonObject, JsonValue } from '#common/proto/json';
import type { Translation } from '../translate.js';

/**
 * What a proxy gets over xDS in the static form of a bootstrap: routes inside their listeners, endpoints inside their
 * clusters.
 */
export function inlined({ listeners, routes, clusters, endpoints }: Translation): {
  readonly listeners: JsonObject[];
  readonly clusters: JsonObject[];
} {
  const routesByName = new Map(routes.map((route) => [nameOf(route), route]));
  return {
    listeners: listeners.map((listener) => {
      const inline = (rds: JsonValue): JsonObject => {
        const { route_config_name: name } = rds as JsonObject;
        return { route_config: routesByName.get(typeof name === 'string' ? name : '') ?? null };
      };
      return replaceMembers(listener, 'rds', inline) as JsonObject;
    }),
    clusters: clusters.map((cluster) => {
      if (cluster['type'] !== 'EDS') return cluster;
      const { eds_cluster_config: _, ...rest } = cluster;
      const assignment = endpoints.find((each) => each['cluster_name'] === cluster['name']);
      return { ...rest, type: 'STATIC', load_assignment: assignment ?? { cluster_name: 'none' } };
    }),
  };
}

/**
 * A bootstrap for `envoy --mode validate`. Several translations fit into one: each listener has an address of its
 * own, and each cluster the name of its case in front, but for those that Envoy looks up when it reads the filters.
 */
export function staticBootstrap(translations: ReadonlyMap<string, Translation>): JsonObject {
  const cases = [...translations].map(([name, translation]) => ({ name, ...inlined(translation) }));
  const listeners = cases.flatMap(({ name, listeners }) => listeners.map((each) => prefixed(name, each)));
  const names = new Set(lookedUp(listeners));
  const clusters = cases.flatMap(({ name, clusters }) =>
    clusters.map((each) => (names.has(nameOf(each)) ? each : prefixed(name, each))),
  );
  const byName = new Map([...clusters, ...AGENT_CLUSTERS].map((cluster) => [nameOf(cluster), cluster]));
  return {
    node: { id: 'sidecar~10.0.0.1~a.default~default.svc.cluster.local', cluster: 'a' },
    static_resources: {
      listeners: listeners.map((listener, index) => ({ ...listener, address: address(index) })),
      clusters: [...byName.values()],
    },
  };
}

/** Names of clusters at which Envoy looks when it reads a listener: Mixer's, and those of collectors. */
function lookedUp(value: JsonValue, within = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([member, held]) => {
    const isName = ['cluster_name', 'collector_cluster', 'http_uri.cluster'].some((name) =>
      `${within}.${member}`.endsWith(`.${name}`),
    );
    return isName && typeof held === 'string' ? [held] : lookedUp(held, `${within}.${member}`);
  });
}

function prefixed(name: string, resource: JsonObject): JsonObject {
  const source = (member: JsonValue): JsonObject => ({
    sds_config: typeof member === 'object' && member && 'ads' in member ? SECRETS_OF_PILOT : member,
  });
  const named = { ...resource, name: `${name}/${nameOf(resource)}` };
  return replaceMembers(named, 'sds_config', source) as JsonObject;
}

/** In place of ADS, without which Envoy 1.40 crashes when it validates a static resource that names it. */
const SECRETS_OF_PILOT: JsonObject = {
  resource_api_version: 'V3',
  api_config_source: {
    api_type: 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc' } }],
  },
};

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

function nameOf({ name }: JsonObject): string {
  return typeof name === 'string' ? name : '';
}

/** Puts certificates and a revocation list in place of those that config names by a file: Envoy reads them when it validates. */
export function withCertificates(
  bootstrap: JsonObject,
  { certChain, privateKey, roots }: TlsIdentity,
  crl: string,
): JsonObject {
  const pems = { certificate_chain: certChain, private_key: privateKey, trusted_ca: roots, crl };
  return Object.entries(pems).reduce<JsonValue>(
    (held, [name, pem]) => replaceMembers(held, name, () => ({ [name]: { inline_string: pem } })),
    bootstrap,
  ) as JsonObject;
}

/** Replaces each member of this name, however deep, by other members. */
export function replaceMembers(
  value: JsonValue,
  name: string,
  by: (member: JsonValue) => JsonObject,
): JsonValue {
  if (Array.isArray(value)) return value.map((item) => replaceMembers(item, name, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      key === name ? Object.entries(by(member)) : [[key, replaceMembers(member, name, by)]],
    ),
  );
}

import { showAddress } from './addresses.js';
import type { Cluster, Config, LbEndpoint, LocalityEndpoints, TransportSocket } from './envoy-config.js';

/** A place that a cluster may send to. */
export interface Endpoint {
  /** `10.0.0.1:80`, a name and port, or a socket's path. */
  readonly address: string;
  /** 0 first; the next is for when too few of those before are healthy. */
  readonly priority: number;
  /** `region/zone/subzone` as far as it is known. */
  readonly locality: string;
  readonly weight: number;
  /** How the proxy speaks to it. */
  readonly tls?: UpstreamTls;
}

export interface UpstreamTls {
  readonly sni: string;
  readonly alpn: readonly string[];
}

/** The endpoints of a cluster, none where it finds them by itself; undefined for a cluster that there is not. */
export function endpointsOf({ clusters, endpoints }: Config, name: string): Endpoint[] | undefined {
  const cluster = clusters.find((each) => each.name === name);
  if (!cluster) return undefined;
  const serviceName = cluster.eds_cluster_config?.service_name || name;
  const assignment = cluster.load_assignment ?? endpoints.find((each) => each.cluster_name === serviceName);
  return (assignment?.endpoints ?? []).flatMap((locality) =>
    (locality.lb_endpoints ?? []).map((endpoint) => endpointIn(cluster, locality, endpoint)),
  );
}

function endpointIn(cluster: Cluster, locality: LocalityEndpoints, endpoint: LbEndpoint): Endpoint {
  const { region, zone, sub_zone: subzone } = locality.locality ?? {};
  const tls = upstreamTls(socketFor(cluster, endpoint));
  return {
    address: showAddress(endpoint.endpoint?.address ?? {}),
    priority: locality.priority ?? 0,
    locality: [region, zone, subzone].filter(Boolean).join('/'),
    weight: endpoint.load_balancing_weight ?? 1,
    ...(tls && { tls }),
  };
}

/** The first match whose members the endpoint's metadata has; else the cluster's own. */
function socketFor(cluster: Cluster, { metadata }: LbEndpoint): TransportSocket | undefined {
  const held = metadata?.filter_metadata?.['envoy.transport_socket_match'] ?? {};
  const found = cluster.transport_socket_matches?.find(({ match = {} }) =>
    Object.entries(match).every(([name, value]) => held[name] === value),
  );
  return found?.transport_socket ?? cluster.transport_socket;
}

function upstreamTls(socket: TransportSocket | undefined): UpstreamTls | undefined {
  const config = socket?.typed_config;
  if (!config?.['@type'].endsWith('.UpstreamTlsContext')) return undefined;
  return { sni: config.sni ?? '', alpn: config.common_tls_context?.alpn_protocols ?? [] };
}

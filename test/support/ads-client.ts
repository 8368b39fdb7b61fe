import { GrpcClient, rawBidi, serviceDefinition } from '#common/grpc';
import { envoy } from '#common/proto/envoy';
import { TYPE, type TypeUrl } from '#app/pilot';

const { DiscoveryRequest, DiscoveryResponse } = envoy.service.discovery.v3;
const { HttpConnectionManager } = envoy.extensions.filters.network.http_connection_manager.v3;

const ads = serviceDefinition('envoy.service.discovery.v3.AggregatedDiscoveryService', {
  StreamAggregatedResources: rawBidi(),
});

export type Resources = ReadonlyMap<TypeUrl, ReadonlyMap<string, Uint8Array>>;

/**
 * A state-of-the-world xDS client that takes all that a proxy would subscribe to, once, and hangs up: clusters with
 * their endpoints, listeners with their routes. Resources by type and name, encoded.
 */
export async function fetchResources(
  address: string,
  node: envoy.config.core.v3.Node.$Properties,
): Promise<Resources> {
  const client = new GrpcClient(address, { plaintext: true, maxMessageBytes: 64 << 20 });
  const stream = client.bidi(ads.StreamAggregatedResources, { deadlineMs: 20_000 });
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const ask = async (typeUrl: TypeUrl, names: readonly string[]) => {
    stream.write(DiscoveryRequest.encode({ node, typeUrl, resourceNames: [...names] }).finish() as Buffer);
    for (;;) {
      const next = await iterator.next();
      if (next.done) throw new Error('Pilot hung up');
      const response = DiscoveryResponse.decode(next.value);
      const { versionInfo, nonce: responseNonce } = response;
      const ack = { typeUrl: response.typeUrl, versionInfo, responseNonce, resourceNames: [...names] };
      if (response.typeUrl !== typeUrl) continue;
      stream.write(DiscoveryRequest.encode(ack).finish() as Buffer);
      return new Map(response.resources.map(({ value }) => [nameOf(typeUrl, value!), value!]));
    }
  };
  try {
    const clusters = await ask(TYPE.cluster, []);
    const endpoints = await ask(TYPE.endpoint, [...clusters.values()].flatMap(endpointNames));
    const listeners = await ask(TYPE.listener, []);
    const routes = await ask(TYPE.route, [...listeners.values()].flatMap(routeNames));
    return new Map<TypeUrl, ReadonlyMap<string, Uint8Array>>([
      [TYPE.cluster, clusters],
      [TYPE.endpoint, endpoints],
      [TYPE.listener, listeners],
      [TYPE.route, routes],
    ]);
  } finally {
    stream.cancel();
    client.close();
  }
}

function nameOf(type: TypeUrl, value: Uint8Array): string {
  const { listener, route, cluster, endpoint } = envoy.config;
  if (type === TYPE.endpoint) return endpoint.v3.ClusterLoadAssignment.decode(value).clusterName;
  if (type === TYPE.listener) return listener.v3.Listener.decode(value).name;
  if (type === TYPE.route) return route.v3.RouteConfiguration.decode(value).name;
  return cluster.v3.Cluster.decode(value).name;
}

function endpointNames(value: Uint8Array): string[] {
  const { Cluster } = envoy.config.cluster.v3;
  const { name, type, edsClusterConfig } = Cluster.decode(value);
  return type === Cluster.DiscoveryType.EDS ? [edsClusterConfig?.serviceName || name] : [];
}

function routeNames(value: Uint8Array): string[] {
  const { filterChains, defaultFilterChain } = envoy.config.listener.v3.Listener.decode(value);
  const chains = [...filterChains, ...(defaultFilterChain ? [defaultFilterChain] : [])];
  const configs = chains.flatMap(({ filters }) => filters ?? []).map(({ typedConfig }) => typedConfig);
  return configs.flatMap((config) => {
    if (!config?.type_url?.endsWith('.HttpConnectionManager')) return [];
    const { rds } = HttpConnectionManager.decode(config.value!);
    return rds?.routeConfigName ? [rds.routeConfigName] : [];
  });
}

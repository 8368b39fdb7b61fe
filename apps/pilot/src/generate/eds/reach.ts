import { isIP } from 'node:net';
import type { WorldView } from '../../model/contract.js';
import { isClusterLocal } from '../../model/cluster-local.js';
import type { Proxy } from '../../model/proxy.js';
import type { Endpoint, Service } from '../../model/service.js';

/**
 * The endpoints that a client is to have: those of its node, or of its cluster, where the service is for that, and where
 * they have addresses of both families, under one that it can connect to.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/
 */
export function reachable(
  view: WorldView,
  proxy: Proxy,
  { nodeLocal, host }: Service,
  endpoints: readonly Endpoint[],
): readonly Endpoint[] {
  const node = nodeLocal ? nodeOf(view, proxy) : undefined;
  const isLocal = isClusterLocal(view.mesh().serviceSettings, host);
  const elsewhere = isLocal ? view.otherClusters(proxy) : undefined;
  return endpoints
    .filter(({ registry }) => !elsewhere?.has(registry))
    .filter((endpoint) => node === undefined || endpoint.node === node)
    .map((endpoint) => atReachable(endpoint, proxy));
}

/** The node that a proxy runs on, as its node message says, else its pod; empty where neither does. */
export function nodeOf(view: WorldView, proxy: Proxy): string {
  return proxy.nodeName || (view.workloads(proxy)[0]?.node ?? '');
}

function atReachable(endpoint: Endpoint, proxy: Proxy): Endpoint {
  const { address, otherAddresses } = endpoint;
  if (!otherAddresses || connects(address, proxy)) return endpoint;
  const other = otherAddresses.find((each) => connects(each, proxy));
  return other === undefined ? endpoint : { ...endpoint, address: other };
}

function connects(address: string, { ipFamilies }: Proxy): boolean {
  return ipFamilies === 'both' || ipFamilies === (isIP(address) === 6 ? 'IPv6' : 'IPv4');
}

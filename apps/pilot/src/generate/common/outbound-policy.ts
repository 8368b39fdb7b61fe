import type { WorldView } from '../../model/contract.js';
import { fullHost } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import { BLACK_HOLE, PASSTHROUGH, outboundCluster } from './names.js';

/** What becomes of traffic to what no service is known for. */
export type OutboundMode = 'ALLOW_ANY' | 'REGISTRY_ONLY';

/** The Sidecar's word before the mesh's; a policy that states no mode is REGISTRY_ONLY, the zero of Istio's enum. */
export function outboundPolicy(view: WorldView, proxy: Proxy): OutboundMode {
  const policy = view.sidecar(proxy)?.spec.outboundTrafficPolicy;
  return policy ? (policy.mode ?? 'REGISTRY_ONLY') : view.mesh().outboundTrafficPolicy;
}

/** The cluster that unknown traffic goes to. */
export function unknownDestination(view: WorldView, proxy: Proxy): string {
  if (outboundPolicy(view, proxy) !== 'ALLOW_ANY') return BLACK_HOLE;
  return egressProxy(view, proxy) ?? PASSTHROUGH;
}

/** The cluster of a Sidecar's egressProxy: without a port the only one that its service has. */
export function egressProxy(view: WorldView, proxy: Proxy): string | undefined {
  const destination = view.sidecar(proxy)?.spec.outboundTrafficPolicy?.egressProxy;
  if (!destination) return undefined;
  const host = fullHost(destination.host, proxy.namespace);
  const number = destination.port?.number ?? view.service(host, proxy)?.ports[0]?.number;
  return number === undefined ? undefined : outboundCluster(number, destination.subset ?? '', host);
}

import type { ConsistentHashLB, ResourceKey } from '#config';
import { envoy } from '#common/proto/envoy';
import { loadBalancer } from '../cds/load-balancer.js';
import { address } from '../common/address.js';
import { provenance } from '../common/provenance.js';
import type { ClientTlsPick } from './tls.js';
import { clientTls } from './tls.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

const UNLIMITED = 0xffffffff;

export interface ClusterPick {
  readonly name: string;
  /** Where a name server knows the endpoints; without it they travel by EDS. */
  readonly dns?: { readonly name: string; readonly port: number };
  readonly consistentHash?: ConsistentHashLB;
  /** At one time; 0: no limit. */
  readonly maxRequests: number;
  readonly tls?: ClientTlsPick;
  /** The rule that counts most, if there is any. */
  readonly rule?: ResourceKey;
  readonly sources: readonly ResourceKey[];
}

/**
 * What all of gRPC's clients understand of a cluster. Of the load balancers these are the rings of consistent hashing
 * and turns, which stand for all others.
 *
 * @see https://github.com/grpc/proposal/blob/master/A27-xds-global-load-balancing.md
 */
export function grpcCluster({ name, dns, consistentHash, maxRequests, tls, rule }: ClusterPick): Cluster {
  const { ringHash, minimumRingSize } = consistentHash ?? {};
  const turns = { lbPolicy: envoy.config.cluster.v3.Cluster.LbPolicy.ROUND_ROBIN };
  const ring = consistentHash && {
    consistentHash: { ...(ringHash && { ringHash }), ...(minimumRingSize && { minimumRingSize }) },
  };
  return {
    name,
    ...discovery(name, dns),
    ...(ring ? loadBalancer(ring) : turns),
    // A client has a limit of its own where none is stated.
    circuitBreakers: { thresholds: [{ maxRequests: { value: maxRequests || UNLIMITED } }] },
    ...(tls && { transportSocket: clientTls(tls) }),
    metadata: provenance(rule),
  };
}

function discovery(clusterName: string, dns: ClusterPick['dns']): Cluster {
  const { DiscoveryType } = envoy.config.cluster.v3.Cluster;
  if (!dns) {
    const edsConfig = { ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3 };
    return { type: DiscoveryType.EDS, edsClusterConfig: { edsConfig } };
  }
  const endpoint = { address: address(dns.name, dns.port) };
  return {
    type: DiscoveryType.LOGICAL_DNS,
    loadAssignment: { clusterName, endpoints: [{ lbEndpoints: [{ endpoint }] }] },
  };
}

import type { ConsistentHashLB, LoadBalancerSettings } from '#config';
import { envoy } from '#common/proto/envoy';
import { wrapped } from '../common/values.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

/** Istio's default; Envoy's own is 1024. */
const MINIMUM_RING_SIZE = 1024;

/** How a cluster chooses among its endpoints: LEAST_REQUEST unless another way is asked for. */
export function loadBalancer(settings: LoadBalancerSettings | undefined): Cluster {
  const { LbPolicy } = envoy.config.cluster.v3.Cluster;
  if (settings?.consistentHash) return consistentHash(settings.consistentHash);
  switch (settings?.simple) {
    case 'ROUND_ROBIN':
      return { lbPolicy: LbPolicy.ROUND_ROBIN };
    case 'RANDOM':
      return { lbPolicy: LbPolicy.RANDOM };
    default:
      return { lbPolicy: LbPolicy.LEAST_REQUEST };
  }
}

function consistentHash({ maglev, ringHash, minimumRingSize }: ConsistentHashLB): Cluster {
  const { LbPolicy } = envoy.config.cluster.v3.Cluster;
  if (maglev) {
    return {
      lbPolicy: LbPolicy.MAGLEV,
      maglevLbConfig: { tableSize: wrapped(maglev.tableSize || undefined) },
    };
  }
  const size = ringHash?.minimumRingSize || minimumRingSize || MINIMUM_RING_SIZE;
  return { lbPolicy: LbPolicy.RING_HASH, ringHashLbConfig: { minimumRingSize: { value: size } } };
}

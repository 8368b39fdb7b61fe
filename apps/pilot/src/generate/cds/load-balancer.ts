import type { ConsistentHashLB, LoadBalancerSettings } from '#config';
import { envoy } from '#common/proto/envoy';
import type { Policy } from '../../model/traffic-policy.js';
import { duration } from '../common/values.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;
type SlowStart = envoy.config.cluster.v3.Cluster.SlowStartConfig.$Properties;

/** Istio's default where neither algorithm is named. */
const MINIMUM_RING_SIZE = 1024;

/** How a cluster chooses among its endpoints: LEAST_REQUEST unless another way is asked for. */
export function loadBalancer(settings: LoadBalancerSettings | undefined): Cluster {
  const { LbPolicy } = envoy.config.cluster.v3.Cluster;
  if (settings?.consistentHash) return consistentHash(settings.consistentHash);
  const slowStartConfig = slowStart(settings);
  switch (settings?.simple) {
    case 'ROUND_ROBIN':
      return {
        lbPolicy: LbPolicy.ROUND_ROBIN,
        ...(slowStartConfig && { roundRobinLbConfig: { slowStartConfig } }),
      };
    case 'RANDOM':
      return { lbPolicy: LbPolicy.RANDOM };
    default:
      return {
        lbPolicy: LbPolicy.LEAST_REQUEST,
        ...(slowStartConfig && { leastRequestLbConfig: { slowStartConfig } }),
      };
  }
}

/** Endpoints that are new get little at first: Istio's defaults are a tenth, and linear growth. */
function slowStart({ warmup, warmupDurationSecs }: LoadBalancerSettings = {}): SlowStart | undefined {
  if (!warmup) return warmupDurationSecs ? { slowStartWindow: duration(warmupDurationSecs) } : undefined;
  return {
    slowStartWindow: duration(warmup.duration),
    // Envoy asks for a key; nobody sets it.
    aggression: { defaultValue: warmup.aggression ?? 1, runtimeKey: 'warmup.aggression' },
    minWeightPercent: { value: warmup.minimumPercent ?? 10 },
  };
}

function consistentHash({ maglev, ringHash, minimumRingSize }: ConsistentHashLB): Cluster {
  const { LbPolicy } = envoy.config.cluster.v3.Cluster;
  if (maglev) {
    return {
      lbPolicy: LbPolicy.MAGLEV,
      ...(maglev.tableSize && { maglevLbConfig: { tableSize: { value: maglev.tableSize } } }),
    };
  }
  const size = ringHash?.minimumRingSize || minimumRingSize || MINIMUM_RING_SIZE;
  return { lbPolicy: LbPolicy.RING_HASH, ringHashLbConfig: { minimumRingSize: { value: size } } };
}

/**
 * What holds for whatever load balancer. With outlier detection there is no panic routing unless a share of healthy
 * endpoints is asked for: a service often has no more than a few.
 */
export function commonLoadBalancing(
  { outlierDetection: outlier, loadBalancer: settings }: Policy,
  weighsLocalities: boolean,
): Cluster {
  const zones = settings?.zoneAwareLbSetting;
  const zoneAware = zones && zones.enabled !== false;
  if (!outlier && !weighsLocalities && !zoneAware) return {};
  return {
    commonLbConfig: {
      ...(outlier && { healthyPanicThreshold: { value: outlier.minHealthPercent ?? 0 } }),
      ...(weighsLocalities && { localityWeightedLbConfig: {} }),
      ...(zoneAware && { zoneAwareLbConfig: { minClusterSize: { value: zones.minClusterSize ?? 6 } } }),
    },
  };
}

import type { LocalityLoadBalancerSetting } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Locality } from '../../model/locality.js';
import { parseLocality } from '../../model/locality.js';
import type { Proxy } from '../../model/proxy.js';
import type { Policy } from '../../model/traffic-policy.js';

/** Where a proxy runs: as its node says, else as its workload does. */
export function localityOf(view: WorldView, proxy: Proxy): Locality {
  const { locality } = proxy;
  if (locality.region) return locality;
  return parseLocality(view.workloads(proxy)[0]?.locality ?? '');
}

export interface LocalitySettings extends LocalityLoadBalancerSetting {
  /** Regions alone are told apart, always; zones are Envoy's business. */
  readonly byRegion?: true;
}

/** The settings that count: the rule's, whole, else those of the mesh; undefined where they are switched off. */
export function localitySettings(view: WorldView, { loadBalancer }: Policy): LocalitySettings | undefined {
  const zoneAware = loadBalancer?.zoneAwareLbSetting;
  if (zoneAware) return zoneAware.enabled === false ? undefined : { ...zoneAware, byRegion: true };
  const settings = loadBalancer?.localityLbSetting ?? view.mesh().localityLbSetting;
  return settings.enabled === false ? undefined : settings;
}

/**
 * Whether the weights of localities count. They would change what the load balancer does by itself, so only where
 * somebody divides the traffic; failover needs something that finds out what has failed.
 */
export function weighsLocalities(view: WorldView, policy: Policy): boolean {
  const { distribute, failover, failoverPriority, byRegion } = localitySettings(view, policy) ?? {};
  if (byRegion) return false;
  const failsOver = policy.outlierDetection && (failover?.length || failoverPriority?.length);
  return Boolean(distribute?.length) || Boolean(failsOver);
}

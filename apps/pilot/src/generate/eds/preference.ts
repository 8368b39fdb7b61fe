import type { LocalityLoadBalancerSetting } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Locality } from '../../model/locality.js';
import { isWithin, labelAt, parseLocality } from '../../model/locality.js';
import type { Proxy } from '../../model/proxy.js';
import type { Endpoint, Service } from '../../model/service.js';
import type { Policy } from '../../model/traffic-policy.js';
import type { LocalitySettings } from '../common/locality.js';
import { localityOf, localitySettings } from '../common/locality.js';
import { nodeOf } from './reach.js';

/** Which endpoints a client at some place prefers. */
export interface Preference {
  /** Percent of the traffic by `region/zone/subzone`; what is in none of these gets nothing. */
  readonly shares?: Readonly<Record<string, number>>;
  /** Nearer endpoints before farther ones, and of other regions `failover` first. */
  readonly near?: { readonly locality: Locality; readonly failover?: string; readonly byRegion?: true };
}

/**
 * What a rule, or the mesh, says about localities. Failover is for services with outlier detection: without it
 * nothing is ever found to have failed. Only zone-aware settings put regions in order even then.
 *
 * @see https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/
 */
export function pickPreference(view: WorldView, proxy: Proxy, policy: Policy): Preference | undefined {
  const settings = localitySettings(view, policy);
  if (settings?.distribute?.length) return distribution(settings.distribute, localityOf(view, proxy));
  if (!settings || !failsOver(settings, policy)) return undefined;
  const { byRegion, failover, failoverPriority } = settings;
  if (failoverPriority?.length && !failover?.length && !byRegion) return undefined;
  const locality = localityOf(view, proxy);
  const to = failover?.find(({ from }) => from === locality.region)?.to;
  return { near: { locality, ...(to !== undefined && { failover: to }), ...(byRegion && { byRegion }) } };
}

function failsOver({ byRegion }: LocalitySettings, { outlierDetection }: Policy): boolean {
  return byRegion === true || outlierDetection !== undefined;
}

function distribution(
  entries: NonNullable<LocalityLoadBalancerSetting['distribute']>,
  from: Locality,
): Preference | undefined {
  const entry = entries.find((each) => isWithin(from, each.from ?? ''));
  return entry && { shares: entry.to ?? {} };
}

/**
 * How far an endpoint is from a client by the labels that they are to have in common: 0 for all of them, more the
 * earlier in the list the first difference is. Undefined where labels play no part.
 */
export function pickRanks(
  view: WorldView,
  proxy: Proxy,
  policy: Policy,
  service: Service,
): ((endpoint: Endpoint) => number) | undefined {
  const wanted = wantedOfRule(view, proxy, policy) ?? wantedOfService(view, proxy, policy, service);
  if (!wanted) return undefined;
  return ({ labels, locality }) => {
    const place = (): Locality => parseLocality(locality);
    const differs = wanted.findIndex(([label, value]) => labelAt(label, labels, place) !== value);
    return differs < 0 ? 0 : wanted.length - differs;
  };
}

type Wanted = readonly (readonly [label: string, value: string])[];

function wantedOfRule(view: WorldView, proxy: Proxy, policy: Policy): Wanted | undefined {
  const settings = localitySettings(view, policy);
  const entries = settings?.failoverPriority ?? [];
  if (!settings || entries.length === 0 || settings.distribute?.length) return undefined;
  if (!failsOver(settings, policy)) return undefined;
  return entries.map((entry) => {
    const [label = '', stated] = entry.split('=');
    return [label, stated ?? labelAt(label, proxy.labels, () => localityOf(view, proxy))];
  });
}

const PLACES = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];
const NODE = 'kubernetes.io/hostname';

/** @see https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-distribution */
function wantedOfService(
  view: WorldView,
  proxy: Proxy,
  { loadBalancer }: Policy,
  { trafficDistribution: stated }: Service,
): Wanted | undefined {
  if (!stated || loadBalancer?.localityLbSetting || loadBalancer?.zoneAwareLbSetting) return undefined;
  const labels = stated === 'PreferSameZone' ? PLACES : [...PLACES, 'topology.istio.io/subzone'];
  const places = labels.map((label) => [label, labelAt(label, {}, () => localityOf(view, proxy))] as const);
  return stated === 'PreferSameNode' ? [...places, [NODE, nodeOf(view, proxy)]] : places;
}

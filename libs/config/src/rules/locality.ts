import type { LocalityLoadBalancerSetting, ZoneAwareLoadBalancerSetting } from '../kinds/destination-rule.js';
import type { Scope } from '../problem.js';
import { checkRange } from './text.js';

const TOPOLOGY_LABELS = new Set([
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
]);

/** @see https://istio.io/latest/docs/reference/config/networking/destination-rule/#LocalityLoadBalancerSetting */
export function checkLocality(settings: LocalityLoadBalancerSetting | undefined, scope: Scope): void {
  if (!settings) return;
  const { distribute = [], failover = [], failoverPriority = [] } = settings;
  if (distribute.length > 0 && failover.length + failoverPriority.length > 0)
    scope.error('takes only one of distribute and failover or failoverPriority');
  distribute.forEach(({ from, to }, index) => {
    const at = scope.at('distribute', index);
    checkLocalityName(from, at.at('from'));
    checkShares(to ?? {}, at.at('to'));
  });
  checkDisjoint(
    distribute.map(({ from = '' }) => from),
    scope.at('distribute'),
  );
  checkFailover(failover, scope.at('failover'));
  checkPriority(failoverPriority, failover.length > 0, scope.at('failoverPriority'));
}

/** @see https://istio.io/latest/docs/reference/config/networking/destination-rule/#ZoneAwareLoadBalancerSetting */
export function checkZoneAware(settings: ZoneAwareLoadBalancerSetting | undefined, scope: Scope): void {
  if (!settings) return;
  checkFailover(settings.failover ?? [], scope.at('failover'));
  checkPriority(settings.failoverPriority ?? [], true, scope.at('failoverPriority'));
  checkRange(settings.minClusterSize, 1, 4294967295, scope.at('minClusterSize'));
}

function checkFailover(failover: NonNullable<LocalityLoadBalancerSetting['failover']>, scope: Scope): void {
  failover.forEach(({ from = '', to = '' }, index) => {
    const at = scope.at(index);
    checkRegion(from, at.at('from'));
    checkRegion(to, at.at('to'));
    if (from === to) at.error('from and to have to be different regions');
  });
  checkDisjoint(
    failover.map(({ from = '' }) => from),
    scope,
  );
}

/** @param byPlace whether places are put in order otherwise already */
function checkPriority(entries: readonly string[], byPlace: boolean, scope: Scope): void {
  entries.forEach((entry, index) => {
    const at = scope.at(index);
    const [label = ''] = entry.split('=');
    if (label === '' || entry.split('=').length > 2)
      at.error(`has to be a label or label=value, not ${JSON.stringify(entry)}`);
    if (byPlace && TOPOLOGY_LABELS.has(label))
      at.error(`${label} cannot stand here: regions are put in order`);
  });
}

function checkShares(to: Readonly<Record<string, number>>, scope: Scope): void {
  for (const [locality, share] of Object.entries(to)) {
    checkLocalityName(locality, scope.at(locality));
    checkRange(share, 1, 100, scope.at(locality));
  }
  const total = Object.values(to).reduce((sum, share) => sum + share, 0);
  if (total !== 100) scope.error(`the shares have to be 100 together, not ${total}`);
  checkDisjoint(Object.keys(to), scope);
}

/** `region/zone/subzone`; a `*` stands for the rest, so it comes last. */
function checkLocalityName(locality = '', scope: Scope): void {
  const parts = locality.split('/');
  const wildcard = parts.indexOf('*');
  if (parts.length > 3 || parts.some((part) => part === ''))
    return scope.error(`has to be region/zone/subzone, not ${JSON.stringify(locality)}`);
  const partly = parts.some((part) => part !== '*' && part.includes('*'));
  if (partly || (wildcard >= 0 && wildcard !== parts.length - 1))
    scope.error(`* stands for all the rest of a locality: ${JSON.stringify(locality)}`);
}

function checkRegion(region: string, scope: Scope): void {
  if (region === '' || /[*/]/.test(region)) scope.error(`has to be a region, not ${JSON.stringify(region)}`);
}

/** Reports localities of which one holds another, before or after it. */
function checkDisjoint(localities: readonly string[], scope: Scope): void {
  const scopes = localities.map((locality) => locality.replace(/\/?\*$/, ''));
  scopes.forEach((one, index) => {
    const other = scopes.findIndex((each, n) => n < index && (holds(each, one) || holds(one, each)));
    if (other >= 0) scope.error(`${localities[index]} overlaps ${localities[other]}`);
  });
}

function holds(outer: string, inner: string): boolean {
  return outer === '' || outer === inner || inner.startsWith(`${outer}/`);
}

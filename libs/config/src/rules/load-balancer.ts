import type { ConsistentHashLB, LoadBalancerSettings, OutlierDetection } from '../kinds/destination-rule.js';
import type { Scope } from '../problem.js';
import { checkLocality, checkZoneAware } from './locality.js';
import { checkDuration, checkHeaderName, checkRange } from './text.js';

/** @see https://istio.io/latest/docs/reference/config/networking/destination-rule/#LoadBalancerSettings */
export function checkLoadBalancer(
  settings: LoadBalancerSettings | undefined,
  outlier: OutlierDetection | undefined,
  scope: Scope,
): void {
  if (!settings) return;
  const { simple, consistentHash, localityLbSetting: locality, zoneAwareLbSetting: zones } = settings;
  if (simple && consistentHash) scope.error('takes only one of simple and consistentHash');
  if (simple === 'LEAST_CONN')
    scope.at('simple').warn('deprecated', 'LEAST_CONN is deprecated, use LEAST_REQUEST');
  if (consistentHash) checkConsistentHash(consistentHash, scope.at('consistentHash'));
  checkWarmup(settings, scope);
  checkLocality(locality, scope.at('localityLbSetting'));
  checkZoneAware(zones, scope.at('zoneAwareLbSetting'));
  if (locality && zones) scope.error('takes only one of localityLbSetting and zoneAwareLbSetting');
  if (!outlier && (locality?.failover?.length || locality?.failoverPriority?.length))
    scope
      .at('localityLbSetting')
      .warn('noEffect', 'failover needs outlierDetection, by which it knows what has failed');
}

function checkWarmup(
  { simple, consistentHash, warmup, warmupDurationSecs }: LoadBalancerSettings,
  scope: Scope,
): void {
  if (warmupDurationSecs !== undefined)
    scope.at('warmupDurationSecs').warn('deprecated', 'warmupDurationSecs is deprecated, use warmup');
  if (warmupDurationSecs !== undefined && warmup)
    scope.error('takes only one of warmup and warmupDurationSecs');
  checkDuration(warmupDurationSecs, scope.at('warmupDurationSecs'));
  if (warmup) {
    const at = scope.at('warmup');
    if (warmup.duration === undefined) at.error('warmup needs a duration');
    checkDuration(warmup.duration, at.at('duration'));
    checkRange(warmup.minimumPercent, 0, 100, at.at('minimumPercent'));
    checkRange(warmup.aggression, 1, Number.MAX_VALUE, at.at('aggression'));
  }
  const warms = warmup ?? warmupDurationSecs;
  if (warms !== undefined && (consistentHash || simple === 'RANDOM' || simple === 'PASSTHROUGH'))
    scope.warn('noEffect', 'only ROUND_ROBIN and LEAST_REQUEST warm endpoints up');
}

function checkConsistentHash(hash: ConsistentHashLB, scope: Scope): void {
  const keys = [hash.httpHeaderName, hash.httpCookie, hash.useSourceIp, hash.httpQueryParameterName];
  if (keys.filter((key) => key !== undefined).length !== 1) {
    scope.error('needs exactly one of httpHeaderName, httpCookie, useSourceIp and httpQueryParameterName');
  }
  if (hash.httpHeaderName !== undefined) checkHeaderName(hash.httpHeaderName, scope.at('httpHeaderName'));
  if (hash.httpQueryParameterName === '') scope.at('httpQueryParameterName').error('must not be empty');
  if (hash.httpCookie) checkCookie(hash.httpCookie, scope.at('httpCookie'));
  const sizes = [hash.minimumRingSize, hash.ringHash, hash.maglev].filter((size) => size !== undefined);
  if (sizes.length > 1) scope.error('only one of minimumRingSize, maglev and ringHash can be specified');
  for (const [size, at] of [
    [hash.minimumRingSize, scope.at('minimumRingSize')],
    [hash.ringHash?.minimumRingSize, scope.at('ringHash', 'minimumRingSize')],
  ] as const)
    // Envoy refuses a larger ring.
    checkRange(size, 0, 8388608, at);
  checkTableSize(hash.maglev?.tableSize, scope.at('maglev', 'tableSize'));
}

function checkCookie(cookie: NonNullable<ConsistentHashLB['httpCookie']>, scope: Scope): void {
  if (!cookie.name) scope.error('name required for HttpCookie');
  checkDuration(cookie.ttl, scope.at('ttl'), { zero: true });
  cookie.attributes?.forEach(({ name, value = '' }, index) => {
    const at = scope.at('attributes', index);
    if (!name) at.error('an attribute needs a name');
    else checkHeaderName(name, at.at('name'));
    if (/[\0\r\n;]/.test(value)) at.at('value').error(`invalid value ${JSON.stringify(value)}`);
  });
}

/** Envoy refuses a Maglev table of another size: it has to be prime, and this is its own upper bound. */
function checkTableSize(size: number | undefined, scope: Scope): void {
  if (size === undefined) return;
  checkRange(size, 2, 5000011, scope);
  if (!isPrime(size)) scope.error('tableSize must be a prime number');
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return number > 1;
}

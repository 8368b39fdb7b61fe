import type { Destination, HTTPRoute, Percent } from '#config';
import type { envoy } from '#common/proto/envoy';
import { fractional } from './fault.js';

type MirrorPolicy = envoy.config.route.v3.RouteAction.RequestMirrorPolicy.$Properties;

/** Where copies of requests go: all of them unless a percentage is stated. A copy looks like what it is a copy of. */
export function mirrorPolicies(
  route: HTTPRoute,
  clusterOf: (destination: Destination) => string,
): MirrorPolicy[] {
  return mirrors(route)
    .filter(({ percentage }) => percentage?.value !== 0)
    .map(({ destination, percentage }) => ({
      cluster: clusterOf(destination),
      runtimeFraction: { defaultValue: fractional(percentage ?? { value: 100 }) },
      traceSampled: { value: false },
      disableShadowHostSuffixAppend: true,
    }));
}

interface Mirror {
  readonly destination: Destination;
  readonly percentage?: Percent | undefined;
}

function mirrors({ mirror, mirrorPercentage, mirrorPercent, mirrors = [] }: HTTPRoute): Mirror[] {
  const whole = mirrorPercent === undefined ? undefined : { value: mirrorPercent };
  const percentage = mirrorPercentage ?? whole;
  return [...(mirror ? [{ destination: mirror, percentage }] : []), ...mirrors];
}

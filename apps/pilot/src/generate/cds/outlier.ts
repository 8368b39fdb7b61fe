import type { OutlierDetection } from '#config';
import type { envoy } from '#common/proto/envoy';
import { duration, wrapped } from '../common/values.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

/** Ejection of failing endpoints. Statistics of success rates are off. */
export function outlierDetection(settings: OutlierDetection): Cluster {
  const gateway = settings.consecutiveGatewayErrors ?? settings.consecutiveErrors;
  return {
    outlierDetection: {
      enforcingSuccessRate: { value: 0 },
      consecutive_5xx: wrapped(settings.consecutive5xxErrors),
      enforcingConsecutive_5xx: enforced(settings.consecutive5xxErrors),
      consecutiveGatewayFailure: wrapped(gateway),
      enforcingConsecutiveGatewayFailure: enforced(gateway),
      ...(settings.interval && { interval: duration(settings.interval) }),
      ...(settings.baseEjectionTime && { baseEjectionTime: duration(settings.baseEjectionTime) }),
      maxEjectionPercent: wrapped(settings.maxEjectionPercent || undefined),
      ...(settings.splitExternalLocalOriginErrors && localErrors(settings.consecutiveLocalOriginFailures)),
    },
  };
}

function enforced(count: number | undefined): { value: number } | undefined {
  return count === undefined ? undefined : { value: count > 0 ? 100 : 0 };
}

function localErrors(failures: number | undefined) {
  return {
    splitExternalLocalOriginErrors: true,
    enforcingLocalOriginSuccessRate: { value: 0 },
    ...(failures && {
      consecutiveLocalOriginFailure: { value: failures },
      enforcingConsecutiveLocalOriginFailure: { value: 100 },
    }),
  };
}

import type { HTTPRetry } from '#config';
import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';
import { duration } from '../common/values.js';

type RetryPolicy = envoy.config.route.v3.RetryPolicy.$Properties;

/** Failures in which no server has begun to answer: safe to try again whatever the request. */
const DEFAULT_CONDITIONS = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';
const DEFAULT_ATTEMPTS = 2;
const HOST_SELECTION_ATTEMPTS = 5;
/** So many tries fail in one locality before the next is considered. */
const TRIES_PER_LOCALITY = 2;

/**
 * Istio's retry policy: its default where the route states none, no policy at all where it states no attempts.
 *
 * @param hashed requests are hashed to endpoints, so a retry has to be free to choose the same one again unless the
 * route says otherwise
 */
export function retryPolicy(retries: HTTPRetry | undefined, hashed: boolean): RetryPolicy | undefined {
  if (retries && !retries.attempts) return undefined;
  const { retryOn, retriableStatusCodes } = conditions(retries?.retryOn);
  const anotherHost = retries?.retryIgnorePreviousHosts ?? !hashed;
  return {
    retryOn,
    retriableStatusCodes,
    numRetries: { value: retries?.attempts ?? DEFAULT_ATTEMPTS },
    hostSelectionRetryMaxAttempts: HOST_SELECTION_ATTEMPTS,
    ...(anotherHost && { retryHostPredicate: [previousHosts()] }),
    ...(retries?.retryRemoteLocalities && { retryPriority: previousPriorities() }),
    ...(retries?.perTryTimeout && { perTryTimeout: duration(retries.perTryTimeout) }),
    ...(retries?.backoff && { retryBackOff: { baseInterval: duration(retries.backoff) } }),
  };
}

/** Status codes may stand among the conditions, `gateway-error,503`. */
function conditions(retryOn: string | undefined): { retryOn: string; retriableStatusCodes: number[] } {
  if (!retryOn) return { retryOn: DEFAULT_CONDITIONS, retriableStatusCodes: [] };
  const parts = retryOn.split(',').map((part) => part.trim());
  const codes = parts.filter((part) => /^[1-5]\d\d$/.test(part)).map(Number);
  const named = parts.filter((part) => part && !/^\d+$/.test(part));
  if (codes.length > 0 && !named.includes('retriable-status-codes')) named.push('retriable-status-codes');
  return { retryOn: named.join(','), retriableStatusCodes: codes };
}

function previousHosts(): envoy.config.route.v3.RetryPolicy.RetryHostPredicate.$Properties {
  const { PreviousHostsPredicate } = envoy.extensions.retry.host.previous_hosts.v3;
  return { name: 'envoy.retry_host_predicates.previous_hosts', typedConfig: any(PreviousHostsPredicate, {}) };
}

function previousPriorities(): envoy.config.route.v3.RetryPolicy.RetryPriority.$Properties {
  const { PreviousPrioritiesConfig } = envoy.extensions.retry.priority.previous_priorities.v3;
  const typedConfig = any(PreviousPrioritiesConfig, { updateFrequency: TRIES_PER_LOCALITY });
  return { name: 'envoy.retry_priorities.previous_priorities', typedConfig };
}

import type { HTTPRetry } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkDuration, checkRange } from './text.js';

/** @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on */
const RETRY_ON = new Set(
  (
    '5xx gateway-error reset reset-before-request connect-failure envoy-ratelimited retriable-4xx refused-stream ' +
    'retriable-status-codes retriable-headers http3-post-connect-failure cancelled deadline-exceeded internal ' +
    'resource-exhausted unavailable'
  ).split(' '),
);

export function checkRetries(retries: HTTPRetry | undefined, scope: Scope): void {
  if (!retries) return;
  const { attempts, perTryTimeout, retryOn, retryRemoteLocalities, backoff } = retries;
  checkRange(attempts, 0, 2147483647, scope.at('attempts'));
  if (!attempts && (perTryTimeout || retryOn || retryRemoteLocalities !== undefined)) {
    scope.error('http retry policy configured when attempts are set to 0 (disabled)');
  }
  checkDuration(perTryTimeout, scope.at('perTryTimeout'), { zero: true });
  checkDuration(backoff, scope.at('backoff'));
  for (const condition of retryOn?.split(',') ?? []) {
    const name = condition.trim();
    const isStatus = /^\d{3}$/.test(name) && Number(name) >= 200 && Number(name) <= 599;
    if (!isStatus && !RETRY_ON.has(name))
      scope.at('retryOn').error(`${JSON.stringify(name)} is not a valid retryOn policy`);
  }
}

import type { CorsPolicy } from '../kinds/networking.js';
import { parseDuration } from '../duration.js';
import type { Scope } from '../problem.js';
import { checkHeaderName, checkStringMatch } from './text.js';

const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  '*',
]);

export function checkCorsPolicy(policy: CorsPolicy | undefined, scope: Scope): void {
  if (!policy) return;
  policy.allowOrigins?.forEach((origin, index) => checkStringMatch(origin, scope.at('allowOrigins', index)));
  if (policy.allowOrigin)
    scope.at('allowOrigin').warn('deprecated', 'allowOrigin is deprecated, use allowOrigins');
  policy.allowMethods?.forEach((method, index) => {
    if (!METHODS.has(method))
      scope.at('allowMethods', index).error(`${JSON.stringify(method)} is not a supported HTTP method`);
  });
  for (const field of ['allowHeaders', 'exposeHeaders'] as const) {
    policy[field]?.forEach((name, index) => checkHeaderName(name, scope.at(field, index)));
  }
  const maxAge = policy.maxAge === undefined ? 0 : (parseDuration(policy.maxAge) ?? 0);
  if (maxAge < 0 || maxAge % 1_000 !== 0) scope.at('maxAge').error('maxAge is in whole seconds');
}

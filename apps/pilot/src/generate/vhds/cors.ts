import type { CorsPolicy, StringMatch } from '#config';
import { envoy } from '#common/proto/envoy';
import type { Any } from '../common/proto.js';
import { any } from '../common/proto.js';
import { regex, stringMatcher } from '../common/string-match.js';
import { duration, wrapped } from '../common/values.js';

/** The CORS filter's configuration for one route. */
export function corsConfig(policy: CorsPolicy): Any {
  const maxAge = duration(policy.maxAge)?.seconds;
  return any(envoy.extensions.filters.http.cors.v3.CorsPolicy, {
    filterEnabled: { defaultValue: { numerator: 100 } },
    allowOriginStringMatch: origins(policy).map(
      (origin) => stringMatcher(origin) ?? { safeRegex: regex('.*') },
    ),
    allowMethods: policy.allowMethods?.join(',') ?? '',
    allowHeaders: policy.allowHeaders?.join(',') ?? '',
    exposeHeaders: policy.exposeHeaders?.join(',') ?? '',
    ...(maxAge !== undefined && { maxAge: String(maxAge) }),
    allowCredentials: wrapped(policy.allowCredentials),
    forwardNotMatchingPreflights: { value: policy.unmatchedPreflights !== 'IGNORE' },
  });
}

/** `allowOrigin` is the older form: exact names, with `*` for all. */
function origins({ allowOrigin = [], allowOrigins = [] }: CorsPolicy): StringMatch[] {
  const older = allowOrigin.map((origin): StringMatch =>
    origin === '*' ? { regex: '.*' } : { exact: origin },
  );
  return allowOrigins.length > 0 ? allowOrigins : older;
}

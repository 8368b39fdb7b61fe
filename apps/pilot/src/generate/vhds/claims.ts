import type { envoy } from '#common/proto/envoy';
import type { MatchEntry } from '../common/string-match.js';
import { stringMatcher } from '../common/string-match.js';

type MetadataMatcher = envoy.type.matcher.v3.MetadataMatcher.$Properties;
type ValueMatcher = envoy.type.matcher.v3.ValueMatcher.$Properties;

const PREFIX = '@request.auth.claims';

/**
 * A match on a claim of the request's JWT, which stands among the headers as `@request.auth.claims.group` or
 * `@request.auth.claims[group][id]`. A claim that is a list matches by any of its members. Undefined for a header.
 *
 * @see https://istio.io/latest/docs/tasks/security/authentication/jwt-route/
 */
export function claimMatcher(name: string, entry: MatchEntry): MetadataMatcher | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const claims = name
    .slice(PREFIX.length)
    .split(/[.[\]]+/)
    .filter(Boolean);
  const path = ['payload', ...claims].map((key) => ({ key }));
  return { filter: 'envoy.filters.http.jwt_authn', path, value: valueMatcher(entry) };
}

function valueMatcher(entry: MatchEntry): ValueMatcher {
  const stringMatch = stringMatcher(entry);
  if (!stringMatch) return { presentMatch: true };
  return { orMatch: { valueMatchers: [{ stringMatch }, { listMatch: { oneOf: { stringMatch } } }] } };
}

import { RE2JS } from 're2js';
import type { HTTPMatchRequest } from '#config';
import type { envoy } from '#common/proto/envoy';
import { hostAndPort } from '../../model/host.js';
import type { MatchEntry } from '../common/string-match.js';
import { stringMatcher } from '../common/string-match.js';
import { claimMatcher } from '../vhds/claims.js';
import type { VirtualHostPick } from '../vhds/inputs.js';
import { routeMatch } from '../vhds/match.js';

type RouteMatch = envoy.config.route.v3.RouteMatch.$Properties;
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher.$Properties;

/** Of so many headers that are not to have a value: each doubles the matches that it takes to say so. */
const MAX_VALUES_WITHOUT = 6;

/**
 * One of a VirtualService's matches as gRPC's clients take it: several that together mean the same, none where it can
 * never hold, or cannot be told.
 */
export function grpcMatches(
  match: HTTPMatchRequest,
  target: Pick<VirtualHostPick, 'host' | 'port'>,
): RouteMatch[] {
  const { method, scheme, authority, queryParams, withoutHeaders, ...rest } = match;
  if (!holds(method, ['POST']) || !holds(scheme, ['http'])) return [];
  if (!holds(authority, [target.host, hostAndPort(target.host, target.port)])) return [];
  if (Object.keys(queryParams ?? {}).length > 0 || asksForClaims(match)) return [];
  const base = routeMatch(rest);
  return absences(Object.entries(withoutHeaders ?? {})).map((absent) => ({
    ...base,
    headers: [...(base.headers ?? []), ...absent],
  }));
}

/** Of a call these are always the same: whether they match is known beforehand. */
function holds(entry: MatchEntry | undefined, values: readonly string[]): boolean {
  if (!entry || !stringMatcher(entry)) return true;
  return values.some((value) => {
    if ('exact' in entry) return value === entry.exact;
    if ('prefix' in entry) return value.startsWith(entry.prefix);
    return 'regex' in entry && RE2JS.matches(entry.regex, value);
  });
}

function asksForClaims({ headers, withoutHeaders }: HTTPMatchRequest): boolean {
  const entries = [...Object.entries(headers ?? {}), ...Object.entries(withoutHeaders ?? {})];
  return entries.some(([name, entry]) => claimMatcher(name, entry));
}

/** A header that is missing has no value in gRPC either, but satisfies no match by value: that takes two matches. */
function absences(entries: readonly (readonly [name: string, entry: MatchEntry])[]): HeaderMatcher[][] {
  const valued = entries.filter(([, entry]) => stringMatcher(entry));
  if (valued.length > MAX_VALUES_WITHOUT) return [];
  return entries.reduce<HeaderMatcher[][]>(
    (found, [name, entry]) => {
      const missing: HeaderMatcher = { name, presentMatch: true, invertMatch: true };
      const stringMatch = stringMatcher(entry);
      const ways = stringMatch ? [missing, { name, stringMatch, invertMatch: true }] : [missing];
      return found.flatMap((others) => ways.map((way) => [...others, way]));
    },
    [[]],
  );
}

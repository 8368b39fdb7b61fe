import type { HTTPMatchRequest } from '#config';
import type { envoy } from '#common/proto/envoy';
import { matches } from '../../model/workload.js';
import { gatewayNames } from '../../world/indexes/virtual-service-index.js';
import type { MatchEntry } from '../common/string-match.js';
import { regex, stringMatcher } from '../common/string-match.js';
import { claimMatcher } from './claims.js';
import type { VirtualHostPick, VirtualServicePick } from './inputs.js';

type RouteMatch = envoy.config.route.v3.RouteMatch.$Properties;
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher.$Properties;

/**
 * Whether a match can apply at all where this virtual host is: the rest of it Envoy decides per request. A match that
 * names gateways does not ask where a request comes from.
 */
export function isApplicable(
  match: HTTPMatchRequest,
  { config, gateways }: VirtualServicePick,
  { port, source }: VirtualHostPick,
): boolean {
  if (match.port && match.port !== port) return false;
  if (match.gateways?.length)
    return gatewayNames(match.gateways, config.namespace).some((gateway) => gateways.includes(gateway));
  if (match.sourceNamespace && match.sourceNamespace !== source?.namespace) return false;
  return matches(match.sourceLabels, source?.labels ?? {});
}

/** Whether a match asks for something that only the proxy itself can tell. */
export function asksForSource({ sourceLabels, sourceNamespace }: HTTPMatchRequest): boolean {
  return Boolean(sourceNamespace) || Object.keys(sourceLabels ?? {}).length > 0;
}

/** Matches everything: what follows it is never reached. */
export function isCatchAll(match: RouteMatch): boolean {
  const conditions = [match.headers, match.queryParameters, match.dynamicMetadata];
  return match.prefix === '/' && conditions.every((list) => !list?.length);
}

export function routeMatch(match: HTTPMatchRequest): RouteMatch {
  const { headers, withoutHeaders, queryParams } = match;
  const claims = [
    ...claimsOf(headers),
    ...claimsOf(withoutHeaders).map((claim) => ({ ...claim, invert: true })),
  ];
  return {
    ...pathMatch(match),
    ...(match.ignoreUriCase && { caseSensitive: { value: false } }),
    headers: [
      ...pseudoHeader(':method', match.method),
      ...pseudoHeader(':authority', match.authority),
      ...pseudoHeader(':scheme', match.scheme),
      ...headersOf(headers, headerMatcher),
      ...headersOf(withoutHeaders, headerAbsent),
    ],
    queryParameters: Object.entries(queryParams ?? {}).map(([name, entry]) => headerMatcher(name, entry)),
    ...(claims.length > 0 && { dynamicMetadata: claims }),
  };
}

function pathMatch({ uri }: HTTPMatchRequest): RouteMatch {
  if (uri && 'exact' in uri) return { path: uri.exact };
  if (uri && 'prefix' in uri) return { prefix: uri.prefix || '/' };
  if (uri && 'regex' in uri && uri.regex !== '.*') return { safeRegex: regex(uri.regex) };
  return { prefix: '/' };
}

type Entries = Readonly<Record<string, MatchEntry>> | undefined;

function claimsOf(entries: Entries) {
  return Object.entries(entries ?? {}).flatMap(([name, entry]) => claimMatcher(name, entry) ?? []);
}

function headersOf(
  entries: Entries,
  matcher: (name: string, entry: MatchEntry) => HeaderMatcher,
): HeaderMatcher[] {
  const headers = Object.entries(entries ?? {}).filter(([name, entry]) => !claimMatcher(name, entry));
  return headers.map(([name, entry]) => matcher(name, entry));
}

function pseudoHeader(name: string, entry: MatchEntry | undefined): HeaderMatcher[] {
  return entry ? [headerMatcher(name, entry)] : [];
}

function headerMatcher(name: string, entry: MatchEntry) {
  const stringMatch = stringMatcher(entry);
  return stringMatch ? { name, stringMatch } : { name, presentMatch: true };
}

/** A header that is missing does not have the value, so it satisfies the match. */
function headerAbsent(name: string, entry: MatchEntry): HeaderMatcher {
  const stringMatch = stringMatcher(entry);
  if (!stringMatch) return { name, presentMatch: true, invertMatch: true };
  return { name, stringMatch, invertMatch: true, treatMissingHeaderAsEmpty: true };
}

import type { HTTPMatchRequest } from '#config';
import type { envoy } from '#common/proto/envoy';
import { matches } from '../../registries/static/endpoints.js';
import { gatewayNames } from '../../world/indexes/virtual-service-index.js';
import type { MatchEntry } from '../common/string-match.js';
import { regex, stringMatcher } from '../common/string-match.js';
import type { VirtualHostPick } from './inputs.js';

type RouteMatch = envoy.config.route.v3.RouteMatch.$Properties;
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher.$Properties;

/** Whether a match can apply at all where this virtual host is: the rest of it Envoy decides per request. */
export function isApplicable(match: HTTPMatchRequest, namespace: string, pick: VirtualHostPick): boolean {
  if (match.port && match.port !== pick.port) return false;
  if (match.gateways?.length) {
    const wanted = gatewayNames(match.gateways, namespace);
    if (!pick.gateways.some((gateway) => wanted.includes(gateway))) return false;
  }
  if (match.sourceNamespace && match.sourceNamespace !== pick.source?.namespace) return false;
  return matches(match.sourceLabels, pick.source?.labels ?? {});
}

/** Whether a match asks for something that only the proxy itself can tell. */
export function asksForSource({ sourceLabels, sourceNamespace }: HTTPMatchRequest): boolean {
  return Boolean(sourceNamespace) || Object.keys(sourceLabels ?? {}).length > 0;
}

/** Matches everything: what follows it is never reached. */
export function isCatchAll(match: RouteMatch): boolean {
  return match.prefix === '/' && !match.headers?.length && !match.queryParameters?.length;
}

export function routeMatch(match: HTTPMatchRequest): RouteMatch {
  const headers = [
    ...pseudoHeader(':method', match.method),
    ...pseudoHeader(':authority', match.authority),
    ...pseudoHeader(':scheme', match.scheme),
    ...Object.entries(match.headers ?? {}).map(([name, entry]) => headerMatcher(name, entry)),
    ...Object.entries(match.withoutHeaders ?? {}).map(([name, entry]) => headerAbsent(name, entry)),
  ];
  const queryParameters = Object.entries(match.queryParams ?? {}).map(([name, entry]) => {
    const stringMatch = stringMatcher(entry);
    return stringMatch ? { name, stringMatch } : { name, presentMatch: true };
  });
  const caseSensitive = match.ignoreUriCase ? { caseSensitive: { value: false } } : {};
  return { ...pathMatch(match), ...caseSensitive, headers, queryParameters };
}

function pathMatch({ uri }: HTTPMatchRequest): RouteMatch {
  if (uri && 'exact' in uri) return { path: uri.exact };
  if (uri && 'prefix' in uri) return { prefix: uri.prefix };
  if (uri && 'regex' in uri && uri.regex !== '.*') return { safeRegex: regex(uri.regex) };
  return { prefix: '/' };
}

function pseudoHeader(name: string, entry: MatchEntry | undefined): HeaderMatcher[] {
  return entry ? [headerMatcher(name, entry)] : [];
}

function headerMatcher(name: string, entry: MatchEntry): HeaderMatcher {
  const stringMatch = stringMatcher(entry);
  return stringMatch ? { name, stringMatch } : { name, presentMatch: true };
}

/** A header that is missing does not have the value, so it satisfies the match. */
function headerAbsent(name: string, entry: MatchEntry): HeaderMatcher {
  const stringMatch = stringMatcher(entry);
  if (!stringMatch) return { name, presentMatch: true, invertMatch: true };
  return { name, stringMatch, invertMatch: true, treatMissingHeaderAsEmpty: true };
}

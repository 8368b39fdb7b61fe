import type { HttpRequest } from './call.js';
import { headerOf } from './call.js';
import type { Route, RouteMatch, VirtualHost } from './envoy-config.js';
import { pathOnly, queryOf } from './path.js';
import { matchesHeader, matchesWhole } from './string-match.js';

/** The first route that takes the request. */
export function routeOf({ routes = [] }: VirtualHost, request: HttpRequest): Route | undefined {
  return routes.find(({ match }) => takes(match, request));
}

/** @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-routematch */
export function takes(match: RouteMatch, request: HttpRequest): boolean {
  const query = queryOf(request.path);
  return (
    takesPath(match, pathOnly(request.path)) &&
    (match.headers ?? []).every((matcher) =>
      matchesHeader(matcher, headerOf(request, matcher.name.toLowerCase())),
    ) &&
    (match.query_parameters ?? []).every((matcher) => matchesHeader(matcher, query.get(matcher.name))) &&
    (match.grpc === undefined || isGrpc(request)) &&
    (match.dynamic_metadata ?? []).every(({ invert }) => invert === true)
  );
}

function takesPath(match: RouteMatch, path: string): boolean {
  if (match.safe_regex) return matchesWhole(match.safe_regex.regex, path);
  const fold = (text: string): string => (match.case_sensitive === false ? text.toLowerCase() : text);
  const folded = fold(path);
  if (match.path !== undefined) return folded === fold(match.path);
  if (match.prefix !== undefined) return folded.startsWith(fold(match.prefix));
  const separated = match.path_separated_prefix;
  if (separated === undefined) return false;
  return folded === fold(separated) || folded.startsWith(`${fold(separated)}/`);
}

function isGrpc(request: HttpRequest): boolean {
  return /^application\/grpc(\+|$)/.test(headerOf(request, 'content-type') ?? '');
}

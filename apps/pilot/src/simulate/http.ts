import type { Call, HttpRequest } from './call.js';
import { headerOf } from './call.js';
import { corsOf } from './cors.js';
import type {
  Config,
  HttpConnectionManager,
  Route,
  RouteAction,
  RouteConfiguration,
  VirtualHost,
} from './envoy-config.js';
import { faultOf } from './fault.js';
import { forwarded } from './forward.js';
import { responseChanges } from './header-changes.js';
import type { HttpAction, HttpOutcome } from './outcome.js';
import { normalisedPath } from './path.js';
import { locationOf, redirectStatus } from './redirect.js';
import { routeOf } from './route.js';
import { virtualHostOf } from './virtual-host.js';

interface Place {
  readonly config: Config;
  readonly manager: HttpConnectionManager;
  readonly table: RouteConfiguration;
  readonly virtualHost: VirtualHost;
  readonly call: Call & { readonly http: HttpRequest };
  readonly scheme: 'http' | 'https';
}

/** What an HTTP connection manager does with a request; `endsTls` where the request came to it over TLS. */
export function httpOutcome(
  config: Config,
  manager: HttpConnectionManager,
  call: Call & { readonly http: HttpRequest },
  endsTls: boolean,
): HttpOutcome {
  const tableName = manager.route_config?.name ?? manager.rds?.route_config_name ?? '';
  const table = manager.route_config ?? config.routes.find(({ name }) => name === tableName) ?? {};
  const scheme = schemeOf(manager, call.http, endsTls);
  const seen = { ...call, http: { ...call.http, scheme, path: seenPath(manager, call.http.path) } };
  const found: HttpOutcome = { kind: 'http', routeConfiguration: tableName, action: { kind: 'none' } };
  const virtualHost = virtualHostOf(table, call.http.authority);
  if (!virtualHost) return found;
  const place = { config, manager, table, virtualHost, call: seen, scheme };
  return { ...found, virtualHost: virtualHost.name, ...inVirtualHost(place) };
}

function seenPath(
  { normalize_path: normalise, merge_slashes: merge }: HttpConnectionManager,
  path: string,
): string {
  return normalise ? normalisedPath(path, { merge: merge ?? false }) : path;
}

/** What a proxy in front says of the caller counts more than the connection, unless there is none to be trusted. */
function schemeOf(
  { use_remote_address: isEdge = false, xff_num_trusted_hops: hops = 0 }: HttpConnectionManager,
  request: HttpRequest,
  tls: boolean,
): 'http' | 'https' {
  const said = isEdge && hops === 0 ? undefined : headerOf(request, 'x-forwarded-proto');
  const told = said ?? request.scheme;
  return told === 'https' || (told === undefined && tls) ? 'https' : 'http';
}

type Routed = Pick<HttpOutcome, 'action' | 'route' | 'config' | 'fault'>;

function inVirtualHost(place: Place): Routed {
  const { virtualHost, call, scheme } = place;
  if (virtualHost.require_tls === 'ALL' && scheme === 'http') {
    // Unlike that of a route, this redirect keeps whatever port the authority states.
    const { authority, path } = call.http;
    const location = `https://${authority}${path}`;
    return { action: { kind: 'redirect', status: 301, location, headers: [] } };
  }
  const route = routeOf(virtualHost, call.http);
  if (!route) return { action: { kind: 'none' } };
  const fault = filterConfig(place, route, 'envoy.filters.http.fault');
  const config = route.metadata?.filter_metadata?.istio?.config;
  return {
    ...(route.name && { route: route.name }),
    ...(config && { config }),
    ...(fault && { fault: faultOf(fault) }),
    action: actionOf(place, route),
  };
}

function actionOf(place: Place, route: Route): HttpAction {
  const { config, call, scheme, virtualHost, table } = place;
  const { preflight, answer } = corsOf(filterConfig(place, route, 'envoy.filters.http.cors'), call.http);
  if (preflight) return { kind: 'preflight', headers: preflight };
  const headers = responseChanges(route, virtualHost, table);
  const { redirect, direct_response: direct, route: action } = route;
  if (redirect) {
    const location = locationOf(redirect, route.match, call.http, scheme);
    return { kind: 'redirect', status: redirectStatus(redirect), location, headers };
  }
  if (direct) {
    const { inline_string: text = '', inline_bytes: bytes } = direct.body ?? {};
    const body = bytes === undefined ? text : Buffer.from(bytes, 'base64').toString();
    return { kind: 'direct', status: direct.status, body, headers };
  }
  if (!hasAction(route) || !action) return { kind: 'none' };
  return { ...forwarded(config, route, call, [virtualHost, table]), cors: answer };
}

function hasAction(route: Route): route is Route & { readonly route: RouteAction } {
  return route.route !== undefined;
}

/** A filter's config for a route, the route's before the virtual host's, where the filter is there at all. */
function filterConfig({ manager, virtualHost }: Place, route: Route, name: string): object | undefined {
  const isThere = (manager.http_filters ?? []).some((filter) => filter.name === name);
  return isThere
    ? (route.typed_per_filter_config?.[name] ?? virtualHost.typed_per_filter_config?.[name])
    : undefined;
}

import type { HTTPMatchRequest, HTTPRoute } from '#config';
import { envoy } from '#common/proto/envoy';
import { fullHost } from '../../model/host.js';
import type { Any } from '../common/proto.js';
import { distinctSources, provenance } from '../common/provenance.js';
import { actionOf, fallbackAction } from './action.js';
import { corsConfig } from './cors.js';
import { routeOperation } from './decorator.js';
import { faultConfig } from './fault.js';
import { headerFields } from './headers.js';
import { httpRoutes } from './http-routes.js';
import type { VirtualHostPick, VirtualServicePick } from './inputs.js';
import { isApplicable, isCatchAll, routeMatch } from './match.js';

type VirtualHost = envoy.config.route.v3.VirtualHost.$Properties;
type Route = envoy.config.route.v3.Route.$Properties;

/** A virtual host of Envoy, from what was picked for it. */
export function virtualHost(pick: VirtualHostPick): VirtualHost {
  const { VirtualHost } = envoy.config.route.v3;
  return {
    name: pick.name,
    domains: [...pick.domains],
    routes: pick.virtualServices.length > 0 ? routes(pick) : fallbackRoutes(pick),
    ...(!pick.settings?.hidesAttempts && { includeRequestAttemptCount: true }),
    ...(pick.httpsRedirect && { requireTls: VirtualHost.TlsRequirementType.ALL }),
  };
}

export function virtualHostSources(pick: VirtualHostPick): string[] {
  const used = pick.fallback ? [...pick.destinations, pick.fallback] : pick.destinations;
  return distinctSources(
    pick.serviceSources,
    pick.virtualServices.flatMap(({ config, delegates }) => [config, ...delegates].map(({ key }) => key)),
    ...used.map(({ sources }) => sources),
  );
}

function fallbackRoutes({ fallback, serviceSources, settings }: VirtualHostPick): Route[] {
  if (!fallback) return [];
  const metadata = provenance(serviceSources[0]);
  return [
    decorated(
      { name: 'default', match: { prefix: '/' }, metadata, ...fallbackAction(fallback, settings) },
      '',
    ),
  ];
}

/** As written, up to a route that takes everything; of several VirtualServices such routes come last. */
function routes(pick: VirtualHostPick): Route[] {
  const lists = pick.virtualServices.map((picked) => routesOf(picked, pick));
  const specific = lists.flat().filter(({ match }) => !match || !isCatchAll(match));
  const [catchAll] = lists.flat().filter(({ match }) => match && isCatchAll(match));
  return catchAll ? [...specific, catchAll] : specific;
}

function routesOf(picked: VirtualServicePick, pick: VirtualHostPick): Route[] {
  const found: Route[] = [];
  for (const http of httpRoutes(picked)) {
    for (const match of applicable(http, picked, pick)) {
      found.push(route(http, match, picked, pick));
      if (isCatchAll(found.at(-1)?.match ?? {})) return found;
    }
  }
  return found;
}

function applicable(http: HTTPRoute, picked: VirtualServicePick, pick: VirtualHostPick): HTTPMatchRequest[] {
  if (!http.match?.length) return [{}];
  return http.match.filter((match) => isApplicable(match, picked, pick));
}

function route(
  http: HTTPRoute,
  match: HTTPMatchRequest,
  { config }: VirtualServicePick,
  pick: VirtualHostPick,
): Route {
  const [only] = http.route?.length === 1 ? http.route : [];
  const made: Route = {
    name: `${http.name ?? ''}${match.name ? `.${match.name}` : ''}`,
    match: routeMatch(match),
    ...(match.statPrefix && { statPrefix: match.statPrefix }),
    metadata: provenance(config.key, intendedHost(http, config.namespace, pick)),
    ...actionOf(http, config.namespace, pick),
    ...merged(headerFields(http.headers), headerFields(only?.headers)),
    typedPerFilterConfig: filterConfigs(http),
  };
  return decorated(made, `${config.name}:${pick.port}`);
}

function decorated(route: Route, otherwise: string): Route {
  return { ...route, decorator: { operation: routeOperation(route, otherwise) } };
}

/** A request that Envoy answers itself is logged without a cluster: only this tells the service it was meant for. */
function intendedHost(http: HTTPRoute, namespace: string, pick: VirtualHostPick): { host?: string } {
  if (http.redirect || http.directResponse) return { host: pick.host };
  const [first] = http.fault?.abort ? (http.route ?? []) : [];
  return first ? { host: fullHost(first.destination.host, namespace) } : {};
}

type Fields = ReturnType<typeof headerFields>;

/** A single destination is no weighted cluster: its header operations join those of the route. */
function merged(a: Fields, b: Fields): Fields {
  return {
    requestHeadersToAdd: [...a.requestHeadersToAdd, ...b.requestHeadersToAdd],
    requestHeadersToRemove: [...a.requestHeadersToRemove, ...b.requestHeadersToRemove],
    responseHeadersToAdd: [...a.responseHeadersToAdd, ...b.responseHeadersToAdd],
    responseHeadersToRemove: [...a.responseHeadersToRemove, ...b.responseHeadersToRemove],
  };
}

function filterConfigs({ fault, corsPolicy }: HTTPRoute): Record<string, Any> {
  return {
    ...(fault && { 'envoy.filters.http.fault': faultConfig(fault) }),
    ...(corsPolicy && { 'envoy.filters.http.cors': corsConfig(corsPolicy) }),
  };
}

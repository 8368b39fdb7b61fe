import type { HTTPMatchRequest, HTTPRoute, VirtualService } from '#config';
import { envoy } from '#common/proto/envoy';
import type { Config } from '../../model/config.js';
import { fullHost } from '../../model/host.js';
import type { Any } from '../common/proto.js';
import { distinctSources, provenance } from '../common/provenance.js';
import { actionOf, fallbackAction } from './action.js';
import { corsConfig } from './cors.js';
import { faultConfig } from './fault.js';
import { headerFields } from './headers.js';
import type { VirtualHostPick } from './inputs.js';
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
    includeRequestAttemptCount: true,
    ...(pick.httpsRedirect && { requireTls: VirtualHost.TlsRequirementType.ALL }),
  };
}

export function virtualHostSources(pick: VirtualHostPick): string[] {
  const used = pick.fallback ? [...pick.destinations, pick.fallback] : pick.destinations;
  return distinctSources(
    pick.serviceSources,
    pick.virtualServices.map(({ key }) => key),
    ...used.map(({ sources }) => sources),
  );
}

function fallbackRoutes({ fallback, serviceSources }: VirtualHostPick): Route[] {
  if (!fallback) return [];
  const metadata = provenance(serviceSources[0]);
  return [{ name: 'default', match: { prefix: '/' }, metadata, ...fallbackAction(fallback) }];
}

/** As written, up to a route that takes everything; of several VirtualServices such routes come last. */
function routes(pick: VirtualHostPick): Route[] {
  const lists = pick.virtualServices.map((config) => routesOf(config, pick));
  const specific = lists.flat().filter(({ match }) => !match || !isCatchAll(match));
  const [catchAll] = lists.flat().filter(({ match }) => match && isCatchAll(match));
  return catchAll ? [...specific, catchAll] : specific;
}

function routesOf(config: Config<VirtualService>, pick: VirtualHostPick): Route[] {
  const found: Route[] = [];
  for (const http of config.spec.http ?? []) {
    for (const match of applicable(http, config.namespace, pick)) {
      found.push(route(http, match, config, pick));
      if (isCatchAll(found.at(-1)?.match ?? {})) return found;
    }
  }
  return found;
}

function applicable(http: HTTPRoute, namespace: string, pick: VirtualHostPick): HTTPMatchRequest[] {
  if (!http.match?.length) return [{}];
  return http.match.filter((match) => isApplicable(match, namespace, pick));
}

function route(
  http: HTTPRoute,
  match: HTTPMatchRequest,
  config: Config<VirtualService>,
  pick: VirtualHostPick,
): Route {
  const [only] = http.route?.length === 1 ? http.route : [];
  return {
    name: [http.name, match.name].filter(Boolean).join('.'),
    match: routeMatch(match),
    ...(match.statPrefix && { statPrefix: match.statPrefix }),
    metadata: provenance(config.key, intendedHost(http, config.namespace, pick)),
    ...actionOf(http, config.namespace, pick),
    ...merged(headerFields(http.headers), headerFields(only?.headers)),
    typedPerFilterConfig: filterConfigs(http),
  };
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

import type { Destination, HTTPRoute, HTTPRouteDestination } from '#config';
import type { envoy } from '#common/proto/envoy';
import { NO_TIMEOUT, duration } from '../common/values.js';
import { BLACK_HOLE } from '../common/names.js';
import { regex } from '../common/string-match.js';
import { destinationRef } from './destinations.js';
import { hashPolicies } from './hash-policy.js';
import { authorityOf, headerFields } from './headers.js';
import type { RouteDestination, VirtualHostPick } from './inputs.js';
import { mirrorPolicies } from './mirrors.js';
import { redirectAction } from './redirect.js';
import { retryPolicy } from './retry.js';
import type { RouteSettings } from './route-settings.js';

type Route = envoy.config.route.v3.Route.$Properties;
type RouteAction = envoy.config.route.v3.RouteAction.$Properties;

/** The part of a route that says what becomes of a request. */
export function actionOf(http: HTTPRoute, namespace: string, pick: VirtualHostPick): Route {
  if (http.redirect) return { redirect: redirectAction(http.redirect, pick.port) };
  if (http.directResponse) {
    const { status, body } = http.directResponse;
    const bytes = body?.bytes === undefined ? undefined : Buffer.from(body.bytes, 'base64');
    const source = bytes ? { inlineBytes: bytes } : { inlineString: body?.string ?? '' };
    return { directResponse: { status, ...(body && { body: source }) } };
  }
  return { route: routeAction(http, namespace, pick) };
}

/** Where nothing else is said: the service itself, with Istio's default retries and no timeout. */
export function fallbackAction(destination: RouteDestination, settings: RouteSettings = {}): Route {
  return {
    route: {
      cluster: destination.cluster,
      ...timeouts(undefined),
      retryPolicy: retryPolicy(settings.retries, destination.consistentHash !== undefined),
      hashPolicy: hashPolicies([destination]),
    },
  };
}

function routeAction(http: HTTPRoute, namespace: string, pick: VirtualHostPick): RouteAction {
  const targets = weighted(http.route ?? []);
  const found = (destination: Destination): RouteDestination => lookUp(destination, namespace, pick);
  const destinations = targets.map(({ destination }) => found(destination));
  const [only] = http.route?.length === 1 ? destinations : [];
  return {
    ...clusters(targets, http, found),
    ...rewrite(http, pick.settings),
    ...timeouts(http.timeout),
    retryPolicy: retryPolicy(http.retries ?? pick.settings?.retries, only?.consistentHash !== undefined),
    hashPolicy: hashPolicies(destinations),
    requestMirrorPolicies: mirrorPolicies(http, (destination) => found(destination).cluster),
  };
}

/**
 * None unless stated. Without one the deadline of a gRPC call is that of its caller; with one Envoy would forget it over
 * that deadline, which the caller keeps by itself anyhow.
 */
function timeouts(stated: string | undefined): RouteAction {
  const timeout = duration(stated);
  const isStated = timeout !== undefined && (timeout.seconds !== 0 || timeout.nanos !== 0);
  return isStated ? { timeout } : NO_TIMEOUT;
}

/** Among several destinations those without weight get nothing. */
export function weighted(targets: readonly HTTPRouteDestination[]): readonly HTTPRouteDestination[] {
  return targets.length > 1 ? targets.filter(({ weight }) => (weight ?? 0) > 0) : targets;
}

export function lookUp(destination: Destination, namespace: string, pick: VirtualHostPick): RouteDestination {
  const ref = destinationRef(destination, namespace);
  const found = pick.destinations.find((candidate) => candidate.ref === ref);
  if (!found) throw new Error(`destination ${ref} of virtual host ${pick.name} was not selected`);
  return found;
}

/** A route to a single destination says itself what that adds: see {@link headerFields} in the virtual host. */
function clusters(
  targets: readonly HTTPRouteDestination[],
  { route = [] }: HTTPRoute,
  found: (destination: Destination) => RouteDestination,
): RouteAction {
  const [first] = targets;
  if (!first) return { cluster: BLACK_HOLE };
  if (route.length === 1) return { cluster: found(first.destination).cluster };
  return {
    weightedClusters: {
      clusters: targets.map(({ destination, weight, headers }) => ({
        name: found(destination).cluster,
        weight: { value: weight ?? 0 },
        hostRewriteLiteral: authorityOf(headers),
        ...headerFields(headers),
      })),
    },
  };
}

function rewrite({ rewrite, headers, route = [] }: HTTPRoute, settings: RouteSettings = {}): RouteAction {
  const ofOnlyTarget = route.length === 1 ? authorityOf(route[0]?.headers) : undefined;
  const authority = rewrite?.authority || authorityOf(headers) || ofOnlyTarget;
  const { match, rewrite: substitution } = rewrite?.uriRegexRewrite ?? {};
  return {
    ...(authority && { hostRewriteLiteral: authority }),
    ...(authority && settings.forwardsHost && { appendXForwardedHost: true }),
    ...(rewrite?.uri && { prefixRewrite: rewrite.uri }),
    ...(match && { regexRewrite: { pattern: regex(match), substitution: substitution ?? '' } }),
  };
}

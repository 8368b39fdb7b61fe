import type { Destination, HTTPRoute, HTTPRouteDestination, Percent } from '#config';
import { envoy } from '#common/proto/envoy';
import { duration } from '../common/values.js';
import { BLACK_HOLE } from '../common/names.js';
import { regex } from '../common/string-match.js';
import { destinationRef } from './destinations.js';
import { fractional } from './fault.js';
import { hashPolicy } from './hash-policy.js';
import { authorityOf, headerFields } from './headers.js';
import type { RouteDestination, VirtualHostPick } from './inputs.js';
import { retryPolicy } from './retry.js';

type Route = envoy.config.route.v3.Route.$Properties;
type RouteAction = envoy.config.route.v3.RouteAction.$Properties;
type RedirectAction = envoy.config.route.v3.RedirectAction.$Properties;

/** The part of a route that says what becomes of a request. */
export function actionOf(http: HTTPRoute, namespace: string, pick: VirtualHostPick): Route {
  if (http.redirect) return { redirect: redirect(http.redirect) };
  if (http.directResponse) {
    const { status, body } = http.directResponse;
    const bytes = body?.bytes === undefined ? undefined : Buffer.from(body.bytes, 'base64');
    const source = bytes ? { inlineBytes: bytes } : { inlineString: body?.string ?? '' };
    return { directResponse: { status, ...(body && { body: source }) } };
  }
  return { route: routeAction(http, namespace, pick) };
}

/** Where nothing else is said: the service itself, with Istio's default retries and no timeout. */
export function fallbackAction(destination: RouteDestination): Route {
  const { consistentHash } = destination;
  return {
    route: {
      cluster: destination.cluster,
      timeout: { seconds: 0 },
      retryPolicy: retryPolicy(undefined, consistentHash !== undefined),
      hashPolicy: consistentHash ? hashPolicy(consistentHash) : [],
    },
  };
}

function routeAction(http: HTTPRoute, namespace: string, pick: VirtualHostPick): RouteAction {
  const targets = weighted(http.route ?? []);
  const found = (destination: Destination): RouteDestination => lookUp(destination, namespace, pick);
  const hashed = targets.map(({ destination }) => found(destination).consistentHash).find(Boolean);
  return {
    ...clusters(targets, found),
    ...rewrite(http, targets),
    timeout: duration(http.timeout) ?? { seconds: 0 },
    retryPolicy: retryPolicy(http.retries, hashed !== undefined),
    hashPolicy: hashed ? hashPolicy(hashed) : [],
    requestMirrorPolicies: mirrors(http).map(({ destination, percentage }) => ({
      cluster: found(destination).cluster,
      runtimeFraction: { defaultValue: fractional(percentage) },
    })),
  };
}

/** Among several destinations those without weight get nothing. */
function weighted(targets: readonly HTTPRouteDestination[]): readonly HTTPRouteDestination[] {
  return targets.length > 1 ? targets.filter(({ weight }) => (weight ?? 0) > 0) : targets;
}

function lookUp(destination: Destination, namespace: string, pick: VirtualHostPick): RouteDestination {
  const ref = destinationRef(destination, namespace);
  const found = pick.destinations.find((candidate) => candidate.ref === ref);
  if (!found) throw new Error(`destination ${ref} of virtual host ${pick.name} was not selected`);
  return found;
}

function clusters(
  targets: readonly HTTPRouteDestination[],
  found: (destination: Destination) => RouteDestination,
): RouteAction {
  const [only] = targets;
  if (!only) return { cluster: BLACK_HOLE };
  if (targets.length === 1) return { cluster: found(only.destination).cluster };
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

function rewrite({ rewrite, headers }: HTTPRoute, targets: readonly HTTPRouteDestination[]): RouteAction {
  const ofOnlyTarget = targets.length === 1 ? authorityOf(targets[0]?.headers) : undefined;
  const authority = rewrite?.authority || authorityOf(headers) || ofOnlyTarget;
  const { match, rewrite: substitution } = rewrite?.uriRegexRewrite ?? {};
  return {
    ...(authority && { hostRewriteLiteral: authority }),
    ...(rewrite?.uri && { prefixRewrite: rewrite.uri }),
    ...(match && { regexRewrite: { pattern: regex(match), substitution: substitution ?? '' } }),
  };
}

function mirrors({ mirror, mirrorPercentage, mirrors = [] }: HTTPRoute): {
  destination: Destination;
  percentage?: Percent | undefined;
}[] {
  const single = mirror ? [{ destination: mirror, percentage: mirrorPercentage }] : [];
  return [...single, ...mirrors].filter(({ percentage }) => percentage?.value !== 0);
}

function redirect(spec: NonNullable<HTTPRoute['redirect']>): RedirectAction {
  const port =
    spec.port ?? (spec.derivePort === 'FROM_PROTOCOL_DEFAULT' ? schemePort(spec.scheme) : undefined);
  return {
    ...(spec.authority && { hostRedirect: spec.authority }),
    ...(spec.uri && { pathRedirect: spec.uri }),
    ...(spec.scheme && { schemeRedirect: spec.scheme }),
    ...(port !== undefined && { portRedirect: port }),
    responseCode: redirectCode(spec.redirectCode),
  };
}

function schemePort(scheme: string | undefined): number {
  return scheme === 'https' ? 443 : 80;
}

function redirectCode(code: number | undefined): number {
  const { RedirectResponseCode } = envoy.config.route.v3.RedirectAction;
  switch (code) {
    case 302:
      return RedirectResponseCode.FOUND;
    case 303:
      return RedirectResponseCode.SEE_OTHER;
    case 307:
      return RedirectResponseCode.TEMPORARY_REDIRECT;
    case 308:
      return RedirectResponseCode.PERMANENT_REDIRECT;
    default:
      return RedirectResponseCode.MOVED_PERMANENTLY;
  }
}

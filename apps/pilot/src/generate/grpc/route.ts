import type { HTTPMatchRequest, HTTPRetry, HTTPRoute } from '#config';
import type { envoy } from '#common/proto/envoy';
import { BLACK_HOLE } from '../common/names.js';
import { provenance } from '../common/provenance.js';
import { duration } from '../common/values.js';
import { lookUp, weighted } from '../vhds/action.js';
import { faultConfig } from '../vhds/fault.js';
import { httpRoutes } from '../vhds/http-routes.js';
import type { RouteDestination, VirtualHostPick, VirtualServicePick } from '../vhds/inputs.js';
import { isApplicable } from '../vhds/match.js';
import { retryPolicy } from '../vhds/retry.js';
import { FAULT } from './listener.js';
import { grpcMatches } from './match.js';

type Route = envoy.config.route.v3.Route.$Properties;
type RouteAction = envoy.config.route.v3.RouteAction.$Properties;

/**
 * What a VirtualService says, as far as gRPC's clients can do it: matches by path and header, weights, timeout, retries,
 * faults, hashing. They change no headers, rewrite, redirect, answer or mirror nothing.
 *
 * @see https://github.com/grpc/proposal/blob/master/A28-xds-traffic-splitting-and-routing.md
 */
export function grpcRoutesOf(pick: VirtualHostPick): Route[] {
  const { fallback, virtualServices, serviceSources, settings } = pick;
  if (virtualServices.length > 0) return virtualServices.flatMap((picked) => written(picked, pick));
  if (!fallback) return [];
  const route = { cluster: fallback.cluster, ...behaviour([fallback], settings?.retries) };
  return [{ name: 'default', match: { prefix: '/' }, metadata: provenance(serviceSources[0]), route }];
}

function written(picked: VirtualServicePick, pick: VirtualHostPick): Route[] {
  return httpRoutes(picked).flatMap((http) => {
    const stated: readonly HTTPMatchRequest[] = http.match?.length ? http.match : [{}];
    return stated
      .filter((match) => isApplicable(match, picked, pick))
      .flatMap((match) => made(http, match, picked, pick));
  });
}

function made(
  http: HTTPRoute,
  match: HTTPMatchRequest,
  { config }: VirtualServicePick,
  pick: VirtualHostPick,
): Route[] {
  const name = `${http.name ?? ''}${match.name ? `.${match.name}` : ''}`;
  return grpcMatches(match, pick).map((routeMatch) => ({
    name,
    match: routeMatch,
    metadata: provenance(config.key),
    route: action(http, config.namespace, pick),
    ...(http.fault && { typedPerFilterConfig: { [FAULT]: faultConfig(http.fault) } }),
  }));
}

/** What a client cannot do fails the call, as UNAVAILABLE; it is never sent elsewhere instead. */
function action(http: HTTPRoute, namespace: string, pick: VirtualHostPick): RouteAction {
  const targets = weighted(http.route ?? []);
  if (http.redirect || http.directResponse || targets.length === 0) return { cluster: BLACK_HOLE };
  const destinations = targets.map(({ destination }) => lookUp(destination, namespace, pick));
  const timeout = duration(http.timeout);
  return {
    ...clusters(destinations, targets),
    ...(timeout && { maxStreamDuration: { maxStreamDuration: timeout } }),
    ...behaviour(destinations, http.retries ?? pick.settings?.retries),
  };
}

function clusters(
  destinations: readonly RouteDestination[],
  targets: readonly { readonly weight?: number }[],
): RouteAction {
  const [first] = destinations;
  if (destinations.length === 1) return { cluster: first?.cluster ?? '' };
  const weights = destinations.map(({ cluster }, index) => {
    return { name: cluster, weight: { value: targets[index]?.weight ?? 0 } };
  });
  return { weightedClusters: { clusters: weights } };
}

function behaviour(destinations: readonly RouteDestination[], retries: HTTPRetry | undefined): RouteAction {
  const retry = grpcRetries(retries);
  const hashPolicy = destinations.flatMap(hashPolicies).slice(0, 1);
  return { ...(retry && { retryPolicy: retry }), ...(hashPolicy.length > 0 && { hashPolicy }) };
}

/** @see https://github.com/grpc/proposal/blob/master/A44-xds-retry.md */
const RETRIABLE = ['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'];

function grpcRetries(retries: HTTPRetry | undefined): RouteAction['retryPolicy'] {
  const { retryOn, numRetries, retryBackOff } = retryPolicy(retries, false) ?? {};
  const conditions = retryOn?.split(',').filter((condition) => RETRIABLE.includes(condition)) ?? [];
  if (conditions.length === 0) return undefined;
  return { retryOn: conditions.join(','), numRetries, ...(retryBackOff && { retryBackOff }) };
}

/**
 * Headers are hashed as Envoy does it. That one client always comes to the same endpoint, which Envoy reads off its
 * address, gRPC knows as a hash of the channel.
 *
 * @see https://github.com/grpc/proposal/blob/master/A42-xds-ring-hash-lb-policy.md
 */
function hashPolicies({
  consistentHash,
}: RouteDestination): envoy.config.route.v3.RouteAction.HashPolicy.$Properties[] {
  if (consistentHash?.httpHeaderName) return [{ header: { headerName: consistentHash.httpHeaderName } }];
  return consistentHash?.useSourceIp ? [{ filterState: { key: 'io.grpc.channel_id' } }] : [];
}

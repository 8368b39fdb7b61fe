import { envoy } from '#common/proto/envoy';
import { encodeDelta } from '../cache/index.js';
import type { Protocol } from './protocol.js';
import type { Subscription } from './subscription.js';

const { DeltaDiscoveryRequest } = envoy.service.discovery.v3;
type DeltaDiscoveryRequest = envoy.service.discovery.v3.DeltaDiscoveryRequest;

const WILDCARD = '*';

/**
 * Incremental xDS.
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol#incremental-xds
 */
export const delta: Protocol<DeltaDiscoveryRequest> = {
  kind: 'delta',

  decode: (bytes) => DeltaDiscoveryRequest.decode(bytes),

  read(subscription, request, wildcardType) {
    const subscribe = request.resourceNamesSubscribe;
    if (!subscription.started) return start(subscription, request, wildcardType);
    // The order within one request is not defined; a client that moves a name drops it first.
    unsubscribe(subscription, request.resourceNamesUnsubscribe);
    if (subscribe.includes(WILDCARD)) subscription.wildcard = true;
    // "A client may re-subscribe to a resource that it has": the server has to send it again.
    subscription.subscribe(subscribe.filter((name) => name !== WILDCARD));
    return true;
  },

  holdsAlready: () => false,

  encode(_subscription, { typeUrl, nonce, revision, upserts, removed }) {
    return encodeDelta({ typeUrl, nonce, version: String(revision) }, upserts, removed);
  },
};

/**
 * The first request of a type on a stream. Without a name it is a wildcard subscription, for types that have one;
 * what the client held before the reconnect it says in initial_resource_versions.
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol#how-the-client-specifies-what-resources-to-return
 */
function start(subscription: Subscription, request: DeltaDiscoveryRequest, wildcardType: boolean): boolean {
  const names = request.resourceNamesSubscribe;
  subscription.started = true;
  subscription.wildcard = names.includes(WILDCARD) || (names.length === 0 && wildcardType);
  subscription.subscribe(names.filter((name) => name !== WILDCARD));
  for (const [name, version] of Object.entries(request.initialResourceVersions)) {
    if (subscription.wildcard || subscription.names.has(name)) subscription.restore(name, version);
  }
  return true;
}

/** Unsubscribing from a name that the wildcard covers as well leaves the wildcard's subscription to it. */
function unsubscribe(subscription: Subscription, names: readonly string[]): void {
  if (names.includes(WILDCARD)) {
    subscription.wildcard = false;
    subscription.unsubscribe([...subscription.held.keys()].filter((name) => !subscription.names.has(name)));
  }
  subscription.unsubscribe(names.filter((name) => name !== WILDCARD));
}

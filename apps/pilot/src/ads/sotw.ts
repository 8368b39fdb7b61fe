import { envoy } from '#common/proto/envoy';
import { encodeSotw } from '../cache/index.js';
import type { XdsResource } from '../model/contract.js';
import type { Held } from './held.js';
import type { Protocol, ResponseContent } from './protocol.js';
import { stateVersion } from './state-version.js';
import type { Subscription } from './subscription.js';

const { DiscoveryRequest } = envoy.service.discovery.v3;
type DiscoveryRequest = envoy.service.discovery.v3.DiscoveryRequest;

const WILDCARD = '*';

/**
 * State of the world.
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol#state-of-the-world
 */
export const sotw: Protocol<DiscoveryRequest> = {
  kind: 'sotw',

  decode: (bytes) => DiscoveryRequest.decode(bytes),

  read(subscription, request, wildcardType) {
    // A request made before the client saw our last response is out of date: it repeats itself with the ACK.
    if (request.responseNonce !== '' && request.responseNonce !== subscription.lastNonce) return false;
    const names = request.resourceNames.filter((name) => name !== WILDCARD);
    if (!subscription.started) start(subscription, request, wildcardType);
    else if (request.resourceNames.includes(WILDCARD)) subscription.wildcard = true;
    // Once it has named resources, a request without any means none.
    else if (names.length > 0) subscription.wildcard = false;
    const wanted = new Set(names);
    subscription.unsubscribe([...subscription.names].filter((name) => !wanted.has(name)));
    subscription.subscribe(names.filter((name) => !subscription.names.has(name)));
    return true;
  },

  holdsAlready(subscription, { upserts }) {
    const claimed = subscription.claimedVersion;
    subscription.claimedVersion = undefined;
    return claimed !== undefined && claimed === stateVersion(merge(subscription.held, upserts));
  },

  encode(subscription, { typeUrl, nonce, fullState, upserts, removed }: ResponseContent) {
    const state = merge(subscription.held, upserts);
    for (const name of removed) state.delete(name);
    // Over all that the client holds then, even where the response carries a part of it: a client that reconnects with
    // this version holds exactly this.
    const resources = fullState ? [...state.values()].filter(isWhole) : upserts;
    return encodeSotw({ typeUrl, nonce, version: stateVersion(state) }, resources);
  },
};

/**
 * The first request of a type on a stream. Its version stands for what the client holds only where it takes all there
 * is: a name that it dropped and wants again since that version came is not there, however much the version says so.
 */
function start(subscription: Subscription, request: DiscoveryRequest, wildcardType: boolean): void {
  const { resourceNames, versionInfo } = request;
  const all = resourceNames.length === 0 ? wildcardType : resourceNames.every((name) => name === WILDCARD);
  subscription.started = true;
  subscription.resumed = versionInfo !== '';
  subscription.wildcard = all || resourceNames.includes(WILDCARD);
  subscription.claimedVersion = all && versionInfo !== '' ? versionInfo : undefined;
}

function merge(held: Iterable<readonly [string, Held]>, upserts: readonly XdsResource[]): Map<string, Held> {
  const state = new Map(held);
  for (const resource of upserts) state.set(resource.name, resource);
  return state;
}

function isWhole(held: Held): held is XdsResource {
  return held.value !== undefined;
}

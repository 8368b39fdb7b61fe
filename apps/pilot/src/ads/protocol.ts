import type { envoy } from '#common/proto/envoy';
import type { XdsResource } from '../model/contract.js';
import type { Difference, Subscription } from './subscription.js';

export type NodeMessage = envoy.config.core.v3.Node.$Properties;

/** The fields that both variants' requests have. */
export interface XdsRequest {
  readonly node?: NodeMessage | null;
  readonly typeUrl: string;
  readonly responseNonce: string;
  readonly errorDetail?: { readonly message?: string | null } | null;
}

/** A variant of the protocol: how its requests change a subscription, and how its responses are written. */
export interface Protocol<Request extends XdsRequest = XdsRequest> {
  readonly kind: 'delta' | 'sotw';
  decode(bytes: Uint8Array): Request;
  /** Changes what is subscribed; ACK and NACK are the caller's. False where the request is to be ignored whole. */
  read(subscription: Subscription, request: Request, wildcardType: boolean): boolean;
  /** The client holds already what this difference would give it: a reconnect with an unchanged state. */
  holdsAlready(subscription: Subscription, difference: Difference): boolean;
  /** The bytes of a response. `fullState`: a name that SotW leaves out is removed. */
  encode(subscription: Subscription, response: ResponseContent): Buffer;
}

export interface ResponseContent {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly revision: number;
  readonly fullState: boolean;
  readonly upserts: readonly XdsResource[];
  readonly removed: readonly string[];
}

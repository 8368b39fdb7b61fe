import { TYPE } from '../model/contract.js';

/**
 * Make before break: what is referred to goes out before what refers to it, and is taken away after it.
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol#eventual-consistency-considerations
 */
export const PUSH_ORDER: readonly string[] = [
  TYPE.cluster,
  TYPE.endpoint,
  TYPE.secret,
  TYPE.extension,
  TYPE.listener,
  TYPE.route,
  TYPE.virtualHost,
];

/** Referred to by others: additions and changes go first, removals last. */
export const REFERRED: readonly string[] = [TYPE.cluster, TYPE.endpoint, TYPE.secret];

/** Refer to clusters: wait for new ones to be ready, and hold back the removal of old ones. */
export const REFERRING: readonly string[] = [TYPE.listener, TYPE.route, TYPE.virtualHost];

/** Types of which a proxy takes all there are, without naming them. */
const WILDCARD: ReadonlySet<string> = new Set([TYPE.listener, TYPE.cluster, TYPE.virtualHost]);

/** Types whose SotW responses carry everything: what is left out is removed. */
const FULL_STATE: ReadonlySet<string> = new Set([TYPE.listener, TYPE.cluster]);

export const isReferred = (type: string): boolean => REFERRED.includes(type);
export const isReferring = (type: string): boolean => REFERRING.includes(type);
export const hasWildcard = (type: string): boolean => WILDCARD.has(type);
export const isFullState = (type: string): boolean => FULL_STATE.has(type);

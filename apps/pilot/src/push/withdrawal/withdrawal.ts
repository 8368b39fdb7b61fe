import type { ResourceKey } from '#config';
import type { Rejection } from '../../ads/rejection.js';
import type { ProxyClass } from '../../cache/index.js';
import type { Config } from '../../model/config.js';
import type { Withdrawn, World, XdsResource } from '../../model/contract.js';

/** A config that is withdrawn, in exactly the form that proxies refused. */
export interface Withdrawal {
  /** `<key>@<digest>` */
  readonly identity: string;
  readonly key: ResourceKey;
  /** Its last good form; undefined where it has none and is left out. */
  readonly standIn: Config | undefined;
  /** The resource that was refused. */
  readonly type: string;
  readonly name: string;
  /** Node id of the proxy that refused it; undefined where it breaks a rule of Envoy's API, which needs no proxy. */
  readonly proxy: string | undefined;
  /** Envoy's own words, or the rule. */
  readonly message: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** One resource as the proxies of one class are to hold it. */
export interface Place {
  readonly proxyClass: ProxyClass;
  readonly type: string;
  readonly name: string;
}

/** A proxy that is asked whether it takes a resource in another form. */
export interface Prober {
  readonly proxy: { readonly id: string };
  /** From now on the proxy is to hold this resource instead of the one that the world asks for. */
  try(type: string, resource: XdsResource): void;
  /** What the world asks for counts again. */
  desist(type: string, name: string): void;
}

/** A refusal that stands. */
export interface Refusal {
  readonly place: Place;
  readonly rejection: Rejection;
  /** Who refuses; undefined where a rule of Envoy's API does. */
  readonly prober: Prober | undefined;
}

/** What the search for a culprit needs of the push engine. */
export interface Mesh {
  world(): World;
  /** The resource as it is now. */
  resource(place: Place): XdsResource | undefined;
  /** The resource as it would be in another world; `invalid` where it breaks a rule of Envoy's API. */
  resourceIn(world: World, place: Place): XdsResource | 'invalid' | undefined;
  /** Whether some proxy holds this version for certain. */
  isHeld(type: string, name: string, version: string): boolean;
  /** Every refusal that stands. Costs a walk over all connections. */
  refusals(): Iterable<Refusal>;
  /** From now on these are withdrawn, and no others. */
  withdraw(withdrawn: Withdrawn): void;
}

export function idOf({ proxyClass, type, name }: Place): string {
  return `${proxyClass.className} ${type} ${name}`;
}

export function keyOf(identity: string): ResourceKey {
  return identity.slice(0, identity.lastIndexOf('@'));
}

/** Refusals that tell of the proxy's host, not of its config: the address is taken, the port is not allowed. */
const OF_THE_HOST = /cannot bind|address already in use|cannot assign requested address|permission denied/i;

/** Whether a refusal may be the fault of config at all. */
export function mayBeConfig(message: string): boolean {
  return !OF_THE_HOST.test(message);
}

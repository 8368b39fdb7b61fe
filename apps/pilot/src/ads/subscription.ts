import { LayeredMap, LayeredSet } from '#common/collections';
import { TYPE, type XdsResource } from '../model/contract.js';
import { CommonState, type CommonResponse } from './common-state.js';
import { ABSENT, type Held, type SentResponse } from './held.js';
import { blame, halves, type Rejection } from './rejection.js';

/** Held in some version, and to be sent anew whichever that is: no content has this version. */
const STALE = 'stale';

/** Says of a name that it is to be left alone for now, neither sent nor removed. */
export const KEEP = Symbol('keep');

export type Desired = (name: string) => XdsResource | undefined | typeof KEEP;

/** How what a client holds differs from what it should hold. */
export interface Difference {
  readonly upserts: XdsResource[];
  /** Names that the client holds and that are gone. */
  readonly removals: string[];
  /** Names that it asked for and that never were. */
  readonly absent: string[];
}

/** More retries than this for one client and type within one content: the rest of a rejected response is blamed whole. */
const RETRY_LIMIT = 64;

/**
 * One xDS type on one stream: what the client wants, what it holds, what is on its way. Pure state; the two variants
 * of the protocol are readers over it (see delta.ts and sotw.ts).
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol
 */
export class Subscription {
  wildcard = false;
  /** The client has subscribed, so the type is to be served. */
  started = false;
  /** A first response has gone out: a wildcard subscriber waits for one even when there is nothing to say. */
  answered = false;
  /** SotW: the version that the client said it holds when it reconnected; undefined once it was compared or overtaken. */
  claimedVersion: string | undefined;
  /** The client holds something of this type from an earlier stream; over SotW it cannot say what. */
  resumed = false;
  lastNonce = '';
  /** Names asked for one by one, besides the wildcard. */
  readonly names = new LayeredSet<string>();
  readonly held = new LayeredMap<string, Held>();
  readonly rejected = new Map<string, Rejection>();
  /** Names to compare with what is desired. Names only: the newest content wins whenever its turn comes. */
  readonly pending = new Set<string>();
  /** Names whose removal waits until nothing refers to them any more. */
  readonly removalsDue = new Set<string>();
  /** At most one response on its way per group; a group is a route of VHDS, and the type itself elsewhere. */
  readonly inFlight = new Map<string, SentResponse>();
  /** Parts of a rejected response that are sent again one after the other, to find the culprit. */
  readonly batches: (readonly string[])[] = [];
  private readonly kept = new Map<string, XdsResource>();
  private retries = 0;

  /** @param common what this client may have in common with others */
  constructor(
    readonly type: string,
    private readonly common = new CommonState(),
  ) {}

  get idle(): boolean {
    return this.pending.size === 0 && this.removalsDue.size === 0 && this.inFlight.size === 0;
  }

  /** There may be something to send as soon as it may go. */
  get hasWork(): boolean {
    const { pending, removalsDue, batches, started, wildcard, answered } = this;
    return pending.size + removalsDue.size + batches.length > 0 || (started && wildcard && !answered);
  }

  /** The client wants these names; asked for anew, they are sent anew. */
  subscribe(names: readonly string[]): void {
    const common = this.names.size === 0 ? this.common.names(names) : undefined;
    if (common) this.names.reset(common);
    for (const name of common?.keys() ?? names) {
      if (!common) this.names.add(name);
      this.held.delete(name);
      this.rejected.delete(name);
      this.pending.add(name);
    }
  }

  /** The client has dropped these names. What the wildcard covers as well it has to hear of once more. */
  unsubscribe(names: Iterable<string>): void {
    for (const name of names) {
      this.names.delete(name);
      this.forget(name);
      this.rejected.delete(name);
      if (this.wildcard) this.pending.add(name);
      else this.pending.delete(name);
    }
  }

  /** What the client holds from an earlier stream, to this or another replica. */
  restore(name: string, version: string): void {
    this.held.set(name, { version });
    this.pending.add(name);
    this.resumed = true;
  }

  /** The client uses this, in whichever form: the next response says that it stays, in this one. */
  keep(resource: XdsResource): void {
    this.kept.set(resource.name, resource);
    this.pending.add(resource.name);
  }

  /** What is to be kept, once. */
  takeKept(): XdsResource[] {
    const kept = [...this.kept.values()];
    this.kept.clear();
    return kept;
  }

  /** The client has to get this name once more; what it holds of it stays in use until then. */
  sendAgain(name: string): void {
    if (this.holds(name)) this.held.set(name, { ...this.held.get(name), version: STALE });
    this.removalsDue.delete(name);
    this.pending.add(name);
  }

  /** The client lost this name. */
  forget(name: string): void {
    this.held.delete(name);
    this.removalsDue.delete(name);
  }

  /** Holds a resource of this name, as far as is known. */
  holds(name: string): boolean {
    const held = this.held.get(name);
    return held !== undefined && held !== ABSENT;
  }

  /** Held for certain: sent, and no response with it on its way. */
  settled(name: string): boolean {
    return this.holds(name) && !this.isStale(name) && !this.isOnItsWay(name);
  }

  /** Holds it in a version that does not count: it waits for the same once more. */
  isStale(name: string): boolean {
    return this.held.get(name)?.version === STALE;
  }

  /** A response that has it, or its removal, is not answered. */
  isOnItsWay(name: string): boolean {
    for (const response of this.inFlight.values()) if (response.items.has(name)) return true;
    return false;
  }

  compare(names: Iterable<string>, desired: Desired): Difference {
    const difference: Difference = { upserts: [], removals: [], absent: [] };
    for (const name of names) {
      const want = desired(name);
      // What the client does not use it cannot be refusing either.
      if (want === KEEP) this.rejected.delete(name);
      else this.compareOne(name, want, difference);
    }
    return difference;
  }

  /** Notes a response as sent; the client is taken to hold its content until it says otherwise. */
  record(
    nonce: string,
    group: string,
    difference: Difference,
    sentAt: number,
    common?: CommonResponse,
  ): void {
    const items = common && this.held.size === 0 ? this.adopt(common) : this.take(difference);
    if (this.held.isWorn) this.held.reset(this.common.state(this.held));
    this.inFlight.set(group, { nonce, group, sentAt, items });
    this.answered = true;
    this.claimedVersion = undefined;
    this.lastNonce = nonce;
  }

  /** The first that the client gets, as others got it. */
  private adopt(common: CommonResponse): SentResponse['items'] {
    const { held, items } = common.first();
    this.held.reset(held);
    return items;
  }

  private take(difference: Difference): SentResponse['items'] {
    const items = new Map<string, { next: Held; previous: Held | undefined }>();
    // Removals first: should the response be halved, what takes a removed one's domains comes after it.
    for (const name of [...difference.removals, ...difference.absent]) {
      items.set(name, { next: ABSENT, previous: this.held.get(name) });
      if (this.names.has(name)) this.held.set(name, ABSENT);
      else this.held.delete(name);
    }
    for (const resource of difference.upserts) {
      items.set(resource.name, { next: resource, previous: this.held.get(resource.name) });
      this.held.set(resource.name, resource);
    }
    return items;
  }

  /** Returns the response that was ACKed; undefined for a nonce that is not (or no longer) waited for. */
  ack(nonce: string): SentResponse | undefined {
    const response = this.answeredBy(nonce);
    if (this.rejected.size > 0) for (const name of response?.items.keys() ?? []) this.rejected.delete(name);
    if (response && this.batches.length === 0) this.retries = 0;
    return response;
  }

  /**
   * The client keeps what it had. The culprits (those that Envoy names, or the only one) are not sent again until
   * their content changes; the innocent are; where nobody is named the response is halved until a culprit is found.
   */
  nack(
    nonce: string,
    message: string,
    now: number,
  ): { response: SentResponse; blamed: Rejection[] } | undefined {
    const response = this.answeredBy(nonce);
    if (!response) return undefined;
    for (const [name, { next, previous }] of response.items) {
      // A newer subscription may have dropped the name in between.
      if (this.held.get(name) === next || next === ABSENT) this.restoreHeld(name, previous);
      this.pending.add(name);
    }
    const culprits = blame(response, message, this.retries >= RETRY_LIMIT);
    const blamed = culprits.map((name) => this.reject(name, response, message, now));
    if (culprits.length === 0) this.batches.unshift(...halves([...response.items.keys()]));
    this.retries++;
    return { response, blamed };
  }

  private compareOne(name: string, want: XdsResource | undefined, difference: Difference): void {
    const has = this.held.get(name);
    const version = want?.version ?? ABSENT.version;
    if (has?.version === version) {
      // The whole resource is known from here on, not just the version that the client named.
      if (want) this.held.set(name, want);
      // Envoy keeps a cluster that it refused among those that warm up until another one takes its place.
      if (this.rejected.delete(name) && want && this.type === TYPE.cluster) difference.upserts.push(want);
    } else if (this.rejected.get(name)?.version === version) return;
    else if (want) difference.upserts.push(want);
    else if (has) difference.removals.push(name);
    else {
      // What was refused and never held has gone: nothing is left to be refused.
      this.rejected.delete(name);
      if (this.names.has(name)) difference.absent.push(name);
    }
  }

  private restoreHeld(name: string, previous: Held | undefined): void {
    if (previous) this.held.set(name, previous);
    else this.held.delete(name);
  }

  private reject(name: string, response: SentResponse, message: string, at: number): Rejection {
    const { version, sources = [] } = response.items.get(name)!.next;
    const rejection = { name, version, message, sources, at };
    this.rejected.set(name, rejection);
    return rejection;
  }

  private answeredBy(nonce: string): SentResponse | undefined {
    for (const response of this.inFlight.values()) {
      if (response.nonce !== nonce) continue;
      this.inFlight.delete(response.group);
      return response;
    }
    return undefined;
  }
}

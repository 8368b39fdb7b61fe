import type { CommonState } from '../ads/common-state.js';
import type { SentResponse } from '../ads/held.js';
import type { Protocol, XdsRequest } from '../ads/protocol.js';
import { shortened, type Rejection } from '../ads/rejection.js';
import { Subscription } from '../ads/subscription.js';
import type { ProxyClass, ResourceCache, Touched } from '../cache/index.js';
import { TYPE, type XdsResource } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import { DesiredState, trialId } from './desired-state.js';
import { hasWildcard } from './order.js';
import { PushPlan, type Response } from './push-plan.js';
import type { Prober } from './withdrawal/withdrawal.js';

export interface ConnectionLimits {
  /** How long routes wait for a new cluster's endpoints, in milliseconds. */
  readonly warmingTimeoutMs: number;
  /** Resource names that one stream may subscribe to in all. */
  readonly maxNames: number;
  /** Types that one stream may subscribe to. */
  readonly maxTypes: number;
}

/** What a request did. */
export interface Receipt {
  readonly type: string;
  /** `expired`: an answer to a response that nobody waits for any more. */
  readonly outcome: 'subscribed' | 'acked' | 'nacked' | 'expired';
  /** From sending the response to its answer, in milliseconds. */
  readonly tookMs?: number;
  /** Envoy's words, of a NACK. */
  readonly message?: string;
  readonly blamed: readonly Rejection[];
  /** What the response held that is answered, of an ACK. */
  readonly accepted?: SentResponse['items'];
}

/** Why a stream is ended: its client asks for more than a client may. */
export class SubscriptionLimitError extends Error {
  override readonly name = 'SubscriptionLimitError';
}

/**
 * One proxy on one stream. Pure: whoever owns the stream feeds it with the requests and with what each change touched,
 * and writes what `next` returns as long as the stream takes it.
 */
export class ProxyConnection implements Prober {
  readonly subscriptions = new Map<string, Subscription>();
  /** Time of the last NACK and its words, kept after the proxy has recovered. */
  lastError: { readonly at: number; readonly type: string; readonly message: string } | undefined;
  private readonly desired: DesiredState;
  private readonly plan: PushPlan;
  /** Undefined until there is a world to push. */
  private revision: number | undefined;
  private heldBefore = 0;

  constructor(
    readonly proxy: Proxy,
    readonly proxyClass: ProxyClass,
    readonly protocol: Protocol,
    cache: ResourceCache,
    private readonly common: CommonState,
    private readonly limits: ConnectionLimits,
    readonly connectedAt: number,
  ) {
    this.desired = new DesiredState(cache, proxyClass, this.subscriptions);
    this.plan = new PushPlan(this.subscriptions, this.desired, protocol, common, limits.warmingTimeoutMs);
  }

  /** Nothing to send and nothing unanswered. */
  get idle(): boolean {
    for (const subscription of this.subscriptions.values()) if (!subscription.idle) return false;
    return true;
  }

  get rejecting(): boolean {
    for (const subscription of this.subscriptions.values()) if (subscription.rejected.size > 0) return true;
    return false;
  }

  /** Everything up to this revision is in force in the proxy, or does not concern it. */
  get revisionHeld(): number {
    return this.idle && !this.rejecting ? (this.revision ?? 0) : this.heldBefore;
  }

  /** Something may wait for a time rather than for an answer. */
  get waitsForTime(): boolean {
    return !this.idle || this.plan.warming.size > 0;
  }

  /** When the oldest response that is not answered went out; undefined when all are. */
  get waitingSince(): number | undefined {
    let oldest: number | undefined;
    for (const { inFlight } of this.subscriptions.values()) {
      for (const { sentAt } of inFlight.values()) oldest = Math.min(oldest ?? sentAt, sentAt);
    }
    return oldest;
  }

  /** Clusters whose endpoints were not ACKed in time, so that routes to them went out before. Reading empties it. */
  takeOverdue(): readonly string[] {
    return this.plan.warming.overdue.splice(0);
  }

  /** Takes a request in. Throws a SubscriptionLimitError where the client wants too much. */
  receive(request: XdsRequest, now: number): Receipt {
    const subscription = this.subscription(request.typeUrl);
    const receipt = this.answer(subscription, request, now);
    const first = !subscription.started;
    const before = subscription.type === TYPE.route ? [...subscription.names] : [];
    if (!this.protocol.read(subscription, request, hasWildcard(subscription.type))) return receipt;
    if (first) this.open(subscription, now);
    for (const route of before) if (!subscription.names.has(route)) this.plan.forgetHosts(route);
    let names = 0;
    for (const { names: wanted } of this.subscriptions.values()) names += wanted.size;
    if (names > this.limits.maxNames) throw new SubscriptionLimitError('the stream names too many resources');
    return receipt;
  }

  /** The world was there before the connection, or has just become known: everything is to be compared. */
  begin(revision: number): void {
    this.revision = revision;
    for (const subscription of this.subscriptions.values()) this.reconcile(subscription);
  }

  /** Notes what a change touched; true where there may be something to send. */
  touch(touched: Touched, revision: number): boolean {
    this.heldBefore = this.revisionHeld;
    this.revision = revision;
    for (const type of touched.everything) {
      const subscription = this.subscriptions.get(type);
      if (subscription?.started) this.reconcile(subscription);
    }
    for (const [type, names] of touched.resources) {
      const subscription = this.subscriptions.get(type);
      if (!subscription?.started) continue;
      for (const name of this.desired.concerned(subscription, names)) subscription.pending.add(name);
    }
    return !this.idle;
  }

  /** Whether it is asked about a resource that the world does not ask for. */
  get isTrying(): boolean {
    return this.desired.trials.size > 0;
  }

  try(type: string, resource: XdsResource): void {
    this.desired.trials.set(trialId(type, resource.name), resource);
    this.subscriptions.get(type)?.pending.add(resource.name);
  }

  desist(type: string, name: string): void {
    if (this.desired.trials.delete(trialId(type, name))) this.subscriptions.get(type)?.pending.add(name);
  }

  /** The next response, or undefined when there is none to send now. */
  next(now: number): Response | undefined {
    return this.revision === undefined ? undefined : this.plan.next(now, this.revision);
  }

  /** The first request of a type. */
  private open(subscription: Subscription, now: number): void {
    const { resumption } = this.plan;
    resumption.opened(now);
    if (this.protocol.kind === 'sotw') resumption.keepUsedClusters(this.desired);
    this.reconcile(subscription);
    if (subscription.type === TYPE.endpoint) this.plan.warmUp(subscription);
  }

  private reconcile(subscription: Subscription): void {
    for (const name of this.desired.candidates(subscription)) subscription.pending.add(name);
    // Hosts that the proxy kept over a reconnect could not be compared before their routes were known to be in use.
    if (subscription.type === TYPE.route)
      for (const route of this.desired.routes()) this.plan.compareHosts(route);
  }

  private subscription(type: string): Subscription {
    let subscription = this.subscriptions.get(type);
    if (!subscription) {
      if (this.subscriptions.size >= this.limits.maxTypes) {
        throw new SubscriptionLimitError('the stream subscribes to too many types');
      }
      this.subscriptions.set(type, (subscription = new Subscription(type, this.common)));
    }
    return subscription;
  }

  private answer(subscription: Subscription, request: XdsRequest, now: number): Receipt {
    const { typeUrl: type, responseNonce, errorDetail } = request;
    if (responseNonce === '') return { type, outcome: 'subscribed', blamed: [] };
    if (!errorDetail) {
      const response = subscription.ack(responseNonce);
      if (!response) return { type, outcome: 'expired', blamed: [] };
      return { type, outcome: 'acked', tookMs: now - response.sentAt, blamed: [], accepted: response.items };
    }
    const message = shortened(errorDetail.message ?? '');
    this.lastError = { at: now, type, message };
    const nack = subscription.nack(responseNonce, message, now);
    if (!nack) return { type, outcome: 'expired', message, blamed: [] };
    return { type, outcome: 'nacked', tookMs: now - nack.response.sentAt, message, blamed: nack.blamed };
  }
}

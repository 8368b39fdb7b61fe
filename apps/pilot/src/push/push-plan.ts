import type { CommonResponse, CommonState } from '../ads/common-state.js';
import { ABSENT } from '../ads/held.js';
import type { Protocol, ResponseContent } from '../ads/protocol.js';
import type { Difference, Subscription } from '../ads/subscription.js';
import { TYPE, type XdsResource } from '../model/contract.js';
import type { DesiredState } from './desired-state.js';
import { isFullState, isReferred, isReferring, PUSH_ORDER, REFERRED, REFERRING } from './order.js';
import { Resumption } from './resumption.js';
import { noHost, routeOf } from './virtual-hosts.js';
import { divideEndpoints, noEndpoints } from './warming-endpoints.js';
import { refersToOneOf, WarmingClusters } from './warming.js';

/** One response, ready to be written. */
export interface Response {
  readonly type: string;
  readonly nonce: string;
  readonly bytes: Buffer;
  readonly resources: number;
}

interface Encoded {
  readonly nonce: string;
  readonly message: Buffer;
  readonly common?: CommonResponse;
}

const NOTHING: Difference = { upserts: [], removals: [], absent: [] };

/**
 * Decides what a proxy is sent next: make before break, one response on its way per type (per route of VHDS), and
 * nothing that the proxy holds already or has refused.
 */
export class PushPlan {
  readonly warming: WarmingClusters;
  readonly resumption: Resumption;
  /** VHDS routes whose listener no longer waits for hosts. */
  private readonly released = new Set<string>();
  private nonces = 0;
  private revision = 0;
  /** Since when something waits for the proxy to ask for its clusters. */
  private awaitedSince: number | undefined;

  constructor(
    private readonly subscriptions: ReadonlyMap<string, Subscription>,
    private readonly desired: DesiredState,
    private readonly protocol: Protocol,
    private readonly common: CommonState,
    private readonly warmingTimeoutMs: number,
  ) {
    this.warming = new WarmingClusters(warmingTimeoutMs);
    this.resumption = new Resumption(subscriptions);
  }

  /** The next response, or undefined when there is none to send now. */
  next(now: number, revision: number): Response | undefined {
    this.revision = revision;
    if (!this.hasWork()) return undefined;
    this.warming.settle((cluster) => this.isReady(cluster), now);
    for (const type of this.order()) {
      const subscription = this.subscriptions.get(type);
      const response = subscription?.started && this.nextOfType(subscription, now);
      if (response) return response;
    }
    if (this.resumption.isOpening(now) || !this.referencesSettled()) return undefined;
    return this.nextRemoval(now);
  }

  /**
   * Clusters that went out before the proxy could say which endpoints it has from an earlier stream warm up anew: it
   * has to get those again.
   */
  warmUp(endpoints: Subscription): void {
    const clusters = this.subscriptions.get(TYPE.cluster);
    for (const name of endpoints.names) if (clusters?.isOnItsWay(name)) endpoints.sendAgain(name);
  }

  /** The proxy has dropped a route, and its hosts with it. */
  forgetHosts(route: string): void {
    const hosts = this.subscriptions.get(TYPE.virtualHost);
    this.released.delete(route);
    if (!hosts) return;
    const ofRoute = (names: Iterable<string>) => [...names].filter((name) => routeOf(name) === route);
    for (const name of ofRoute(hosts.held.keys())) hosts.forget(name);
    for (const name of ofRoute(hosts.pending)) hosts.pending.delete(name);
    for (const name of ofRoute(hosts.rejected.keys())) hosts.rejected.delete(name);
  }

  /** All hosts of a route are to be compared, and its listener released even if there are none. */
  compareHosts(route: string): void {
    const hosts = this.subscriptions.get(TYPE.virtualHost);
    if (!hosts?.started) return;
    for (const name of this.desired.hostsOf(route, hosts)) hosts.pending.add(name);
    hosts.pending.add(noHost(route));
  }

  /** Asked far more often than there is anything to do: at every answer, and whenever somebody may go on. */
  private hasWork(): boolean {
    if (this.warming.size > 0) return true;
    for (const subscription of this.subscriptions.values()) if (subscription.hasWork) return true;
    return false;
  }

  private order(): Iterable<string> {
    const others = [...this.subscriptions.keys()].filter((type) => !PUSH_ORDER.includes(type));
    return others.length > 0 ? [...PUSH_ORDER, ...others] : PUSH_ORDER;
  }

  private nextOfType(subscription: Subscription, now: number): Response | undefined {
    if (this.resumption.holdsClustersBack(subscription, now)) return undefined;
    do {
      for (const [group, names] of groups(subscription)) {
        const response = this.nextOfGroup(subscription, group, names, now);
        if (response) return response;
      }
    } while (subscription.batches.length > 0 && subscription.inFlight.size === 0);
    const { wildcard, answered, held, pending } = subscription;
    // What has to wait is not nothing: over SotW an empty response would take all away from who comes back.
    const waits = wildcard && !answered && held.size === 0 && pending.size === 0;
    const hosts = subscription.type === TYPE.virtualHost;
    return waits && !hosts ? this.send(subscription, '', NOTHING, now) : undefined;
  }

  private nextOfGroup(
    subscription: Subscription,
    group: string,
    names: readonly string[],
    now: number,
  ): Response | undefined {
    if (names.length === subscription.pending.size) subscription.pending.clear();
    else for (const name of names) subscription.pending.delete(name);
    const whole = subscription.compare(names, this.desired.of(subscription));
    const kept = subscription.takeKept().filter(({ name }) => !this.desired.has(TYPE.cluster, name));
    whole.upserts.push(...kept);
    const difference = this.defer(subscription, whole, now);
    for (const { name } of kept) subscription.removalsDue.add(name);
    if (this.protocol.holdsAlready(subscription, difference)) {
      adopt(subscription, difference);
      return undefined;
    }
    if (!isEmpty(difference)) return this.send(subscription, group, difference, now);
    return names.includes(noHost(group)) ? this.release(subscription, group, now) : undefined;
  }

  /** Takes out of a difference what has to wait: removals of what may be in use, references to what is not ready. */
  private defer(subscription: Subscription, difference: Difference, now: number): Difference {
    const { upserts, removals, absent } = difference;
    if (subscription.type === TYPE.endpoint) return this.deferEndpoints(subscription, difference);
    if (isReferred(subscription.type)) {
      for (const name of removals) subscription.removalsDue.add(name);
      for (const { name } of upserts) subscription.removalsDue.delete(name);
      return { upserts, removals: [], absent };
    }
    if (!isReferring(subscription.type)) return difference;
    const unsent = this.unsentClusters();
    // A proxy that holds nothing yet serves nothing: it waits for its clusters by itself, once it knows of them.
    const serves = subscription.held.size > 0 || subscription.resumed;
    const waiting = upserts.filter(
      ({ value }) =>
        refersToOneOf(value, unsent) ||
        (serves && (this.warming.heldBack(value) || this.clustersAreAwaited(now))),
    );
    if (waiting.length === 0) return difference;
    // A renamed host is a removal and an addition: the old one stays until the new one may come.
    for (const name of [...waiting.map(({ name }) => name), ...removals]) subscription.pending.add(name);
    return { upserts: upserts.filter((resource) => !waiting.includes(resource)), removals: [], absent };
  }

  private deferEndpoints(endpoints: Subscription, difference: Difference): Difference {
    const { now, later } = divideEndpoints(difference, {
      endpoints,
      clusters: this.subscriptions.get(TYPE.cluster),
      sotw: this.protocol.kind === 'sotw',
      last: (name) => this.desired.last(TYPE.endpoint, name),
    });
    for (const { name } of difference.upserts) endpoints.removalsDue.delete(name);
    for (const name of later) endpoints.removalsDue.add(name);
    return now;
  }

  /**
   * A proxy whose cluster was still warming up when its stream broke asks for clusters only once that has ended: what
   * the others refer to is not known to it before.
   */
  private clustersAreAwaited(now: number): boolean {
    if (this.subscriptions.get(TYPE.cluster)?.started) return false;
    this.awaitedSince ??= now;
    return now - this.awaitedSince < this.warmingTimeoutMs;
  }

  /** New clusters that could not be sent yet, because the proxy has not answered to the clusters before them. */
  private unsentClusters(): string[] {
    const clusters = this.subscriptions.get(TYPE.cluster);
    return [...(clusters?.pending ?? [])].filter((name) => !clusters?.holds(name));
  }

  private release(hosts: Subscription, route: string, now: number): Response | undefined {
    const holdsOne = [...hosts.held.keys()].some((name) => routeOf(name) === route);
    if (this.released.has(route) || holdsOne || !this.desired.routes().includes(route)) return undefined;
    if ([...hosts.pending].some((name) => routeOf(name) === route)) {
      // There are hosts, they only wait for a cluster.
      hosts.pending.add(noHost(route));
      return undefined;
    }
    return this.send(hosts, route, { ...NOTHING, absent: [noHost(route)] }, now);
  }

  private nextRemoval(now: number): Response | undefined {
    for (const type of REFERRED) {
      const subscription = this.subscriptions.get(type);
      if (!subscription || subscription.removalsDue.size === 0 || subscription.inFlight.size > 0) continue;
      const due = [...subscription.removalsDue].filter((name) => !this.isInUse(name));
      for (const name of due) subscription.removalsDue.delete(name);
      const { upserts, removals, absent } = subscription.compare(due, this.desired.of(subscription));
      for (const { name } of upserts) subscription.pending.add(name);
      const gone = { ...NOTHING, removals, absent };
      const response = isEmpty(gone) ? undefined : this.send(subscription, '', gone, now);
      if (response) return response;
    }
    return undefined;
  }

  private send(
    subscription: Subscription,
    group: string,
    difference: Difference,
    now: number,
  ): Response | undefined {
    const { type } = subscription;
    const { upserts, removals, absent } = difference;
    const sotw = this.protocol.kind === 'sotw';
    const fullState = sotw && isFullState(type);
    const removed = [...removals, ...absent];
    const emptied =
      sotw && type === TYPE.endpoint ? removed.filter((name) => subscription.names.has(name)) : [];
    if (sotw && !fullState && upserts.length + emptied.length === 0) {
      // SotW has no words for "there is none".
      adopt(subscription, difference);
      return undefined;
    }
    const resources = [...upserts, ...emptied.map(noEndpoints)];
    const content = { typeUrl: type, revision: this.revision, fullState, upserts: resources, removed };
    const { nonce, message: bytes, common } = this.encode(subscription, content);
    this.beforeRecord(subscription, difference, now);
    subscription.record(nonce, group, difference, now, common);
    if (type === TYPE.virtualHost) this.released.add(group);
    return { type, nonce, bytes, resources: upserts.length };
  }

  /** A delta response says nothing that is one client's alone: all that are to get the same get the same bytes. */
  private encode(subscription: Subscription, content: Omit<ResponseContent, 'nonce'>): Encoded {
    const encode = (nonce: string): Buffer => this.protocol.encode(subscription, { ...content, nonce });
    if (this.protocol.kind === 'delta' && content.removed.length === 0) {
      const common = this.common.response(content, content.upserts, encode);
      if (common.nonce !== subscription.lastNonce) return { ...common, common };
    }
    const nonce = (++this.nonces).toString(36);
    return { nonce, message: encode(nonce) };
  }

  /** What else follows from a response, seen against what the proxy held before it. */
  private beforeRecord(subscription: Subscription, { upserts, removals }: Difference, now: number): void {
    const { type, held } = subscription;
    if (type === TYPE.cluster) {
      const inService = held.size > 0 || subscription.resumed;
      for (const { name } of upserts) if (inService && !subscription.holds(name)) this.warming.add(name, now);
      for (const { name } of upserts) this.sendEndpointsAgain(name);
      for (const name of removals) this.warming.delete(name);
    }
    if (type === TYPE.route)
      for (const route of upserts) if (!subscription.holds(route.name)) this.newRoute(route);
  }

  /** A cluster that is new or changed warms up anew, and does so only when its endpoints come after it. */
  private sendEndpointsAgain(cluster: string): void {
    const endpoints = this.subscriptions.get(TYPE.endpoint);
    if (endpoints?.names.has(cluster)) endpoints.sendAgain(cluster);
  }

  /** Envoy asks for hosts once per stream, not once per route: they have to follow each route by themselves. */
  private newRoute({ name }: XdsResource): void {
    if (!this.desired.takesHosts(name)) return;
    this.forgetHosts(name);
    this.compareHosts(name);
  }

  private isReady(cluster: string): boolean {
    if (!this.subscriptions.get(TYPE.cluster)?.settled(cluster)) return false;
    if (!this.desired.resource(TYPE.endpoint, cluster)) return true;
    const endpoints = this.subscriptions.get(TYPE.endpoint);
    return endpoints !== undefined && endpoints.names.has(cluster) && endpoints.settled(cluster);
  }

  private referencesSettled(): boolean {
    return REFERRING.every((type) => {
      const subscription = this.subscriptions.get(type);
      return !subscription || (subscription.pending.size === 0 && subscription.inFlight.size === 0);
    });
  }

  /** Does the proxy hold on to an older resource that refers to this one, because it refused the newer? */
  private isInUse(name: string): boolean {
    return REFERRING.some((type) => {
      const subscription = this.subscriptions.get(type);
      return [...(subscription?.rejected.keys() ?? [])].some((refused) => {
        const value = subscription?.held.get(refused)?.value;
        return value !== undefined && Buffer.from(value).includes(name);
      });
    });
  }
}

/** The names to compare, by the response that they go into; what is on its way already waits for its answer. */
function groups(subscription: Subscription): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const name of nextBatch(subscription) ?? subscription.pending) {
    const group = subscription.type === TYPE.virtualHost ? routeOf(name) : '';
    if (subscription.inFlight.has(group)) continue;
    const names = found.get(group);
    if (names) names.push(name);
    else found.set(group, [name]);
  }
  return [...found];
}

/** While a culprit is looked for, a part of the rejected response at a time. */
function nextBatch(subscription: Subscription): string[] | undefined {
  if (subscription.batches.length === 0 || subscription.inFlight.size > 0) return undefined;
  for (let batch = subscription.batches.shift(); batch; batch = subscription.batches.shift()) {
    const names = batch.filter((name) => subscription.pending.has(name));
    if (names.length > 0) return names;
  }
  return undefined;
}

function adopt(subscription: Subscription, { upserts, removals, absent }: Difference): void {
  for (const resource of upserts) subscription.held.set(resource.name, resource);
  for (const name of [...removals, ...absent]) subscription.held.set(name, ABSENT);
  subscription.answered = true;
}

function isEmpty({ upserts, removals, absent }: Difference): boolean {
  return upserts.length + removals.length + absent.length === 0;
}

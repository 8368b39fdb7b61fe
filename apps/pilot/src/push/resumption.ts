import type { Subscription } from '../ads/subscription.js';
import { TYPE } from '../model/contract.js';
import type { DesiredState } from './desired-state.js';

/** Long after the first requests of a stream, which a client sends at once, one after the other. In milliseconds. */
const OPENING_MS = 1_000;

/**
 * A client that comes back subscribes type by type to what it was subscribed to before. Until it has said all, nobody
 * knows what is still in use: nothing is taken away from it meanwhile.
 */
export class Resumption {
  private lastOpened = 0;

  constructor(private readonly subscriptions: ReadonlyMap<string, Subscription>) {}

  /** A type was subscribed to. */
  opened(now: number): void {
    this.lastOpened = now;
  }

  /** The client may have more to say of what it uses. */
  isOpening(now: number): boolean {
    if (now - this.lastOpened >= OPENING_MS) return false;
    for (const { resumed } of this.subscriptions.values()) if (resumed) return true;
    return false;
  }

  /**
   * State of the world: what a response leaves out is removed, so the first one with clusters waits until the client
   * has said which endpoints it uses.
   */
  holdsClustersBack(subscription: Subscription, now: number): boolean {
    if (subscription.type !== TYPE.cluster || !subscription.resumed || subscription.answered) return false;
    return this.isOpening(now) && !this.subscriptions.get(TYPE.endpoint)?.started;
  }

  /** State of the world: clusters that are gone while the client was away, and that its routes may still lead to. */
  keepUsedClusters(desired: DesiredState): void {
    const clusters = this.subscriptions.get(TYPE.cluster);
    const endpoints = this.subscriptions.get(TYPE.endpoint);
    if (!clusters?.resumed || clusters.answered || !endpoints?.started) return;
    for (const name of endpoints.names) {
      const last = desired.has(TYPE.cluster, name) ? undefined : desired.last(TYPE.cluster, name);
      if (last) clusters.keep(last);
    }
  }
}

import { Buffer } from 'node:buffer';

/** Above this many new clusters at once nobody looks which of them a route refers to: it waits for all. */
const SEARCH_LIMIT = 20;

/**
 * Clusters that a proxy has been sent and is not known to be able to use yet. What refers to one of them is held back
 * until the proxy has ACKed the cluster and its endpoints, but not for ever.
 */
export class WarmingClusters {
  /** By name, since when. */
  private readonly clusters = new Map<string, number>();
  /** Clusters that were not ready in time, and what referred to them went out nevertheless. */
  readonly overdue: string[] = [];

  constructor(private readonly timeoutMs: number) {}

  get size(): number {
    return this.clusters.size;
  }

  add(name: string, now: number): void {
    this.clusters.set(name, now);
  }

  delete(name: string): void {
    this.clusters.delete(name);
  }

  /** Lets go of the clusters that are ready, and of those that had their time. */
  settle(isReady: (name: string) => boolean, now: number): void {
    for (const [name, since] of this.clusters) {
      const late = now - since >= this.timeoutMs;
      if (!late && !isReady(name)) continue;
      this.clusters.delete(name);
      if (late) this.overdue.push(name);
    }
  }

  /** Does this resource name a cluster that is not ready? References are plain strings in the encoded bytes. */
  heldBack(value: Uint8Array): boolean {
    return refersToOneOf(value, [...this.clusters.keys()]);
  }
}

/** Does this resource name one of these clusters? */
export function refersToOneOf(value: Uint8Array, clusters: readonly string[]): boolean {
  if (clusters.length === 0) return false;
  if (clusters.length > SEARCH_LIMIT) return true;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return clusters.some((cluster) => bytes.includes(cluster));
}

/** Somebody who may have something to send. */
export interface Pushable {
  /** Sends one response; true where there may be another. */
  pushOne(): boolean;
}

/** Longest time that pushes keep the event loop from everything else, in milliseconds. */
const SLICE_MS = 8;

/**
 * Takes turns: each connection sends one response, then the next has its turn. The first turn is at once, in the same
 * tick as the change. At most one place in the queue per connection: what changes meanwhile is in its next response.
 */
export class PushScheduler {
  /** In the order of their turns, each with since when it waits. */
  private readonly queue = new Map<Pushable, number>();
  private running = false;

  /** @param onTurn hears at each turn for how long it was waited for, in milliseconds */
  constructor(
    private readonly now: () => number,
    private readonly onTurn: (waitedMs: number) => void = () => undefined,
  ) {}

  get length(): number {
    return this.queue.size;
  }

  /** Since when whoever comes next waits; undefined where nobody does. */
  get waitingSince(): number | undefined {
    const [since] = this.queue.values();
    return since;
  }

  schedule(connections: Iterable<Pushable>): void {
    const now = this.now();
    for (const connection of connections) if (!this.queue.has(connection)) this.queue.set(connection, now);
    if (!this.running) this.run();
  }

  remove(connection: Pushable): void {
    this.queue.delete(connection);
  }

  private run(): void {
    this.running = true;
    let now = this.now();
    const end = now + SLICE_MS;
    for (const [connection, since] of this.queue) {
      this.queue.delete(connection);
      this.onTurn(now - since);
      const hasMore = connection.pushOne();
      now = this.now();
      // Added again it comes after all others: a Map is walked in the order of insertion.
      if (hasMore) this.queue.set(connection, now);
      if (now >= end) break;
    }
    if (this.queue.size > 0) setImmediate(() => this.run());
    else this.running = false;
  }
}

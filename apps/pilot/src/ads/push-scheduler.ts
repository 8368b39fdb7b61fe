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
  private readonly queue = new Set<Pushable>();
  private running = false;

  constructor(private readonly now: () => number) {}

  get length(): number {
    return this.queue.size;
  }

  schedule(connections: Iterable<Pushable>): void {
    for (const connection of connections) this.queue.add(connection);
    if (!this.running) this.run();
  }

  remove(connection: Pushable): void {
    this.queue.delete(connection);
  }

  private run(): void {
    this.running = true;
    const end = this.now() + SLICE_MS;
    for (const connection of this.queue) {
      this.queue.delete(connection);
      // Added again it comes after all others: a Set is walked in the order of insertion.
      if (connection.pushOne()) this.queue.add(connection);
      if (this.now() >= end) break;
    }
    if (this.queue.size > 0) setImmediate(() => this.run());
    else this.running = false;
  }
}

/** An answer that comes sooner after the one before means that the server was not away. Milliseconds. */
export const AWAY_MS = 3_000;

/**
 * Whether an API server answers, shared by all who ask it: who waits for its return, each for a time of its own, is told
 * by whoever happened to ask first.
 */
export class Presence {
  private readonly listeners = new Set<() => void>();
  private answeredAt: number;
  private missed = false;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.answeredAt = now();
  }

  /** A request had no answer at all. */
  miss(): void {
    this.missed = true;
  }

  /** The server answered. One request that fails among others that do not is no absence: it may well be its own fault. */
  answer(): void {
    const isReturn = this.missed && this.now() - this.answeredAt >= AWAY_MS;
    this.answeredAt = this.now();
    this.missed = false;
    if (!isReturn) return;
    const waiting = [...this.listeners];
    this.listeners.clear();
    for (const listener of waiting) listener();
  }

  /** Calls once, when the server is back after an absence. @returns what ends the wait for it */
  onReturn(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

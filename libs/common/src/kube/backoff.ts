import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffOptions {
  /** Milliseconds of the first pause; by default 100. */
  readonly first?: number;
  /** The longest; by default 5,000. */
  readonly longest?: number;
}

/** Pauses that double with each failure, each between half and all of its length, so that many do not come at once. */
export class Backoff {
  private failures = 0;

  constructor(private readonly options: BackoffOptions = {}) {}

  /** All is well: the next failure starts with the shortest pause again. */
  reset(): void {
    this.failures = 0;
  }

  /** Waits, at least for what a server asked. Ends at once, without an error, when `signal` aborts. */
  async pause(signal: AbortSignal, atLeast = 0): Promise<void> {
    const { first = 100, longest = 5_000 } = this.options;
    const length = Math.min(longest, first * 2 ** this.failures);
    this.failures += 1;
    const jittered = Math.max(atLeast, length * (0.5 + Math.random() / 2));
    await sleep(jittered, undefined, { signal }).catch(() => undefined);
  }
}

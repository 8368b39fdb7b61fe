const FIRST_MS = 100;
const LAST_MS = 10_000;
/** A run of this length was a healthy one: what ends it is not the failure before. */
const HEALTHY_MS = 10_000;

/** How long to wait before a program that ended is started again. */
export class RestartBackoff {
  private failures = 0;

  /** The delay in milliseconds after a run of this length: doubling from 100 ms to 10 s, anew after a healthy run. */
  delayAfter(runMs: number): number {
    if (runMs >= HEALTHY_MS) this.failures = 0;
    const delay = Math.min(LAST_MS, FIRST_MS * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 16);
    return delay;
  }
}

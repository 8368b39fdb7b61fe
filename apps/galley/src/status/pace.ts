/** A token bucket: so many at once, so many a second from then on. */
export class Pace {
  private tokens: number;
  private filled = performance.now();

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
  }

  /** Milliseconds until the next one may go; 0 takes it. */
  take(): number {
    const now = performance.now();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.filled) / 1_000) * this.perSecond);
    this.filled = now;
    if (this.tokens < 1) return Math.ceil(((1 - this.tokens) / this.perSecond) * 1_000);
    this.tokens -= 1;
    return 0;
  }
}

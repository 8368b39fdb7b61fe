/** The resolution of a window. */
export const TICK_MS = 100;

/**
 * Counts an amount over the last `seconds` seconds, in slots of a tenth of a second: what was taken is given back when
 * its slot has gone out of the window.
 */
export class RollingWindow {
  private readonly slots: Float64Array;
  private available: number;
  private tick: number;

  /** @param now milliseconds */
  constructor(
    private readonly limit: number,
    seconds: number,
    now: number,
  ) {
    this.slots = new Float64Array(Math.max(1, Math.ceil(seconds)) * (1000 / TICK_MS));
    this.available = limit;
    this.tick = Math.floor(now / TICK_MS);
  }

  get size(): number {
    return this.slots.length;
  }

  /** What may be taken now. */
  remaining(now: number): number {
    this.advance(now);
    return this.available;
  }

  /** Takes (or with a negative amount gives back) without asking whether there is enough. */
  take(amount: number, now: number): void {
    this.advance(now);
    const slot = this.tick % this.slots.length;
    this.slots[slot] = (this.slots[slot] ?? 0) + amount;
    this.available = Math.min(this.limit, this.available - amount);
  }

  /** Whether nothing of what was taken is still in the window. */
  isIdle(now: number): boolean {
    return this.remaining(now) === this.limit;
  }

  private advance(now: number): void {
    const tick = Math.floor(now / TICK_MS);
    if (tick - this.tick >= this.slots.length) {
      this.slots.fill(0);
      this.available = this.limit;
    } else {
      for (let gone = this.tick + 1; gone <= tick; gone++) this.release(gone % this.slots.length);
    }
    // A clock that goes backwards leaves the window where it is.
    this.tick = Math.max(this.tick, tick);
  }

  private release(slot: number): void {
    this.available = Math.min(this.limit, this.available + (this.slots[slot] ?? 0));
    this.slots[slot] = 0;
  }
}

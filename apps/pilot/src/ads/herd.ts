/** So long nobody comes before a herd counts as over, in milliseconds. */
const QUIET_MS = 2_000;

/** Proxies that came one after the other, as they do after a restart. */
export class Herd {
  private size = 0;
  private lastAt = 0;

  /** Somebody has come, or still waits for what it came for. */
  comes(now: number, newcomers = 1): void {
    this.size += newcomers;
    this.lastAt = now;
  }

  /** How many they were, once, when nobody has come for a while; 0 at all other times. */
  over(now: number): number {
    if (this.size === 0 || now - this.lastAt < QUIET_MS) return 0;
    const { size } = this;
    this.size = 0;
    return size;
  }
}

/**
 * Lets a few newcomers at a time through their first, large pushes; the others wait in line, their requests read and
 * their memory small. So a herd of reconnecting proxies neither starves those that are in service nor holds a whole
 * mesh's bytes once per proxy.
 *
 * Capacity: the line is as long as there may be streams (AdsLimits.maxStreams); who comes after is refused.
 */
export class Admission<T> {
  private readonly inside = new Map<T, number>();
  private readonly line = new Map<T, { readonly start: () => void; readonly since: number }>();

  constructor(
    private readonly limit: number,
    private readonly timeoutMs: number,
  ) {}

  get waiting(): number {
    return this.line.size;
  }

  /** Somebody is on the way to what it came for. */
  get busy(): boolean {
    return this.inside.size + this.line.size > 0;
  }

  /** Since when whoever is first in line waits; undefined where nobody does. */
  get waitingSince(): number | undefined {
    const [first] = this.line.values();
    return first?.since;
  }

  /** Calls `start` at once, or when somebody before has left. */
  enter(newcomer: T, start: () => void, now: number): void {
    if (this.inside.size < this.limit) this.admit(newcomer, start, now);
    else this.line.set(newcomer, { start, since: now });
  }

  /** Whoever has what it came for, or is gone, makes room. */
  leave(one: T, now: number): void {
    this.line.delete(one);
    if (this.inside.delete(one)) this.fill(now);
  }

  /** Those who take too long stay in service, but no longer keep others waiting. */
  expire(now: number): void {
    for (const [one, since] of this.inside) if (now - since >= this.timeoutMs) this.inside.delete(one);
    this.fill(now);
  }

  private fill(now: number): void {
    for (const [newcomer, { start }] of this.line) {
      if (this.inside.size >= this.limit) return;
      this.line.delete(newcomer);
      this.admit(newcomer, start, now);
    }
  }

  private admit(newcomer: T, start: () => void, now: number): void {
    this.inside.set(newcomer, now);
    start();
  }
}

/** Lets so many through at once; others wait, up to a number, in the order in which they came. */
export class Turnstile {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly capacity: number,
    private readonly queue: number,
  ) {}

  /** Resolves when it is one's turn; false at once where too many wait already. Who got true calls {@link leave}. */
  async enter(): Promise<boolean> {
    if (this.inside < this.capacity) {
      this.inside += 1;
      return true;
    }
    if (this.waiting.length >= this.queue) return false;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    return true;
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.inside -= 1;
  }
}

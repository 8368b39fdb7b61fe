/**
 * Which of the configs behind a refused resource have to go: they are left out one more at a time until the proxy takes
 * the resource; then all but the last come back one by one, and stay where the proxy takes that too. 2n answers at most
 * for n suspects, and two where the first is the culprit. The proxy serves what it held all the while.
 */
export class Search {
  /** `searching` for the first answer that is no refusal, `found`, or `none` of them to blame. */
  state: 'searching' | 'found' | 'none' = 'searching';
  private readonly out: string[] = [];
  private readonly waiting: string[];
  /** Those that may come back; undefined until the proxy has taken the resource. */
  private doubtful: string[] | undefined;
  private trial: string | undefined;

  /** @param suspects the likeliest first; not empty */
  constructor(readonly suspects: readonly string[]) {
    this.waiting = [...suspects];
  }

  /** Those that are left out at this moment; at first none. */
  get withdrawn(): readonly string[] {
    return this.out;
  }

  refused(): void {
    if (this.state !== 'searching') return;
    if (this.doubtful && this.trial !== undefined) this.out.push(this.trial);
    this.next();
  }

  accepted(): void {
    if (this.state !== 'searching') return;
    this.doubtful ??= this.out.slice(0, -1);
    this.next();
  }

  private next(): void {
    if (this.doubtful) return this.bringBack(this.doubtful);
    const suspect = this.waiting.shift();
    if (suspect !== undefined) this.out.push(suspect);
    else {
      this.out.length = 0;
      this.state = 'none';
    }
  }

  private bringBack(doubtful: string[]): void {
    this.trial = doubtful.shift();
    if (this.trial === undefined) this.state = 'found';
    else this.out.splice(this.out.indexOf(this.trial), 1);
  }
}

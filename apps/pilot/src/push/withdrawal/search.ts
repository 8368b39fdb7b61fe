/**
 * Which of the configs behind a refused resource have to go: the shortest prefix of the suspects, the likeliest first,
 * without which the proxy takes the resource ends with a culprit. The prefix is found by doubling and halving; then the
 * others come back, and if that is refused too, there is another culprit among them. Two answers where the first suspect
 * is to blame, 2 log n for each culprit among n at most.
 */
export class Search<Suspect> {
  /** `searching` for the first answer that is no refusal, `found`, or `none` of them to blame. */
  state: 'searching' | 'found' | 'none' = 'searching';
  private readonly culprits: Suspect[] = [];
  /** Those that may still be to blame; a prefix of the suspects. */
  private doubtful: readonly Suspect[];
  /** How many of the doubtful are left out in this trial. */
  private trial = 0;
  /** Without so many of the doubtful it was refused. */
  private tooFew = -1;
  /** Without so many it was taken; undefined until that is known. */
  private enough: number | undefined;

  /** @param suspects the likeliest first; not empty */
  constructor(suspects: readonly Suspect[]) {
    this.doubtful = suspects;
  }

  /** Those that are left out in this trial, and once it is `found` the culprits. */
  get leftOut(): readonly Suspect[] {
    return [...this.culprits, ...this.doubtful.slice(0, this.trial)];
  }

  refused(): void {
    if (this.state !== 'searching') return;
    this.tooFew = this.trial;
    const all = this.doubtful.length;
    if (this.enough !== undefined) this.narrow(this.enough);
    else if (this.tooFew < all) this.trial = Math.min(Math.max(1, this.trial * 2), all);
    else this.giveUp();
  }

  accepted(): void {
    if (this.state !== 'searching') return;
    if (this.trial === 0) this.state = 'found';
    else this.narrow(this.trial);
  }

  private narrow(enough: number): void {
    this.enough = enough;
    if (enough - this.tooFew > 1) this.trial = Math.floor((enough + this.tooFew) / 2);
    else this.convict(enough - 1);
  }

  private convict(index: number): void {
    this.culprits.push(this.doubtful[index]!);
    this.doubtful = this.doubtful.slice(0, index);
    // All of them left out was taken before: what is looked for is whether they may come back.
    this.enough = index;
    this.tooFew = -1;
    this.trial = 0;
    if (index === 0) this.state = 'found';
  }

  private giveUp(): void {
    this.culprits.length = 0;
    this.trial = 0;
    this.state = 'none';
  }
}

/** How long a file has to be left alone before it counts as complete, unless somebody says otherwise. */
export const STILL_MS = 100;
/** So many times as long for a file that ends in the middle of a line, where it did not before. */
const UNFINISHED = 4;
/** A descriptor that stays open for good must not hold a file back for ever. */
const LONGEST_WAIT_MS = 10_000;

interface Wait {
  timer: NodeJS.Timeout;
  readonly since: number;
}

/** Tells when files that are being written in place have been still for long enough. */
export class Stillness {
  private readonly waits = new Map<string, Wait>();

  constructor(
    private readonly onStill: (path: string, waited: number) => void,
    private readonly stillMs = STILL_MS,
  ) {}

  /** Starts to wait for a file, anew where it was waited for already. */
  await(path: string, unfinished = false): void {
    const since = this.waits.get(path)?.since ?? performance.now();
    this.forget(path);
    const timer = setTimeout(
      () => this.onStill(path, performance.now() - since),
      unfinished ? UNFINISHED * this.stillMs : this.stillMs,
    );
    this.waits.set(path, { timer, since });
  }

  /** Something happened to the file: whoever is waited for starts over. */
  stir(path: string): void {
    if (this.waits.has(path)) this.await(path);
  }

  isAwaited(path: string): boolean {
    return this.waits.has(path);
  }

  forget(path: string): void {
    clearTimeout(this.waits.get(path)?.timer);
    this.waits.delete(path);
  }

  /** True where a file was waited for as long as makes sense. */
  static isOver(waited: number): boolean {
    return waited > LONGEST_WAIT_MS;
  }

  close(): void {
    for (const path of [...this.waits.keys()]) this.forget(path);
  }
}

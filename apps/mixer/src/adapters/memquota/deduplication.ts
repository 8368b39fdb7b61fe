/** Answers remembered in one generation. Beyond it a repeated request is charged again. */
const CAPACITY = 100_000;

/**
 * Remembers answers by id for one to two times a duration: two generations, of which the older is forgotten whole.
 */
export class Deduplication<Answer> {
  private recent = new Map<string, Answer>();
  private old = new Map<string, Answer>();
  private turned: number;

  /** @param duration milliseconds */
  constructor(
    private readonly duration: number,
    now: number,
  ) {
    this.turned = now;
  }

  get(id: string, now: number): Answer | undefined {
    this.turn(now);
    return id === '' ? undefined : (this.recent.get(id) ?? this.old.get(id));
  }

  remember(id: string, answer: Answer, now: number): void {
    this.turn(now);
    if (id !== '' && this.recent.size < CAPACITY) this.recent.set(id, answer);
  }

  private turn(now: number): void {
    const passed = now - this.turned;
    if (passed < this.duration) return;
    this.old = passed < 2 * this.duration ? this.recent : new Map<string, Answer>();
    this.recent = new Map();
    this.turned = now;
  }
}

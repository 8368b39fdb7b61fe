/** What is forbidden is tried again after so long, in milliseconds: somebody may have allowed it. */
const PAUSE_MS = 30_000;

/** What the API server does not let Galley write, by kind: the others do not wait for it. */
export class Forbidden {
  private readonly refused = new Map<string, { readonly message: string; readonly at: number }>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Whether there is no use in trying now. */
  has(kind: string): boolean {
    const refusal = this.refused.get(kind);
    return refusal !== undefined && this.now() - refusal.at < PAUSE_MS;
  }

  /** True where this is news. */
  refuse(kind: string, message: string): boolean {
    const before = this.refused.get(kind);
    this.refused.set(kind, { message: before?.message ?? message, at: this.now() });
    return before === undefined;
  }

  allow(kind: string): void {
    this.refused.delete(kind);
  }

  /** In the API server's words, one for each kind; not of what nobody tries any more. */
  get messages(): string[] {
    const now = this.now();
    return [...this.refused.values()]
      .filter(({ at }) => now - at < 2 * PAUSE_MS)
      .map(({ message }) => message);
  }
}

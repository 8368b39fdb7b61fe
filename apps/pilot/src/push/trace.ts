/** The way of one revision to one proxy. Milliseconds since the Unix epoch. */
export interface ProxyTrace {
  sentAt?: number;
  ackedAt?: number;
}

/** The way of one revision from its commit to the last ACK. */
export interface RevisionTrace {
  readonly revision: number;
  /** By the writer's clock; undefined where nobody knows. */
  readonly committedAt: number | undefined;
  readonly receivedAt: number;
  /** When all that it changes was made anew; undefined where nobody looked at the clock. */
  readonly generatedAt?: number | undefined;
  /** By node id, the proxies that it concerns. */
  readonly proxies: Map<string, ProxyTrace>;
}

/** Revisions that are remembered; the oldest is forgotten first. */
const LIMIT = 32;

/** When each of the last revisions reached each proxy that it concerned. */
export class RevisionTraces {
  private readonly traces = new Map<number, RevisionTrace>();

  begin(head: Omit<RevisionTrace, 'proxies'>, proxies: readonly string[]): void {
    const map = new Map(proxies.map((id): [string, ProxyTrace] => [id, {}]));
    this.traces.delete(head.revision);
    this.traces.set(head.revision, { ...head, proxies: map });
    if (this.traces.size > LIMIT) this.traces.delete(this.traces.keys().next().value!);
  }

  get(revision: number): RevisionTrace | undefined {
    return this.traces.get(revision);
  }

  all(): readonly RevisionTrace[] {
    return [...this.traces.values()];
  }

  sent(proxy: string, now: number): void {
    for (const { proxies } of this.traces.values()) {
      const trace = proxies.get(proxy);
      if (trace) trace.sentAt ??= now;
    }
  }

  /** The proxy holds all that concerned it. Returns for each revision that this completes how long it took, in ms. */
  settled(proxy: string, now: number): number[] {
    const took: number[] = [];
    for (const { proxies, receivedAt } of this.traces.values()) {
      const trace = proxies.get(proxy);
      if (!trace || trace.ackedAt !== undefined) continue;
      trace.ackedAt = now;
      took.push(now - receivedAt);
    }
    return took;
  }
}

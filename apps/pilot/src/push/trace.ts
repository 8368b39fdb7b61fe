import type { Origin, ResourceKey } from '#config';

/** The way of one revision to one proxy. Milliseconds since the Unix epoch. */
export interface ProxyTrace {
  sentAt?: number;
  ackedAt?: number;
}

/** One resource of a revision. */
export interface TracedResource {
  readonly key: ResourceKey;
  /** `origin`: it only moved to another place. */
  readonly op: 'put' | 'delete' | 'origin';
  /** Where it stands; absent for one that is gone. */
  readonly origin?: Origin;
}

/** The way of one revision from where it was written to the last ACK. */
export interface RevisionTrace {
  readonly revision: number;
  /** What it is made of, the first of many, and how many more there are. */
  readonly changed?: readonly TracedResource[];
  readonly moreChanged?: number;
  /** When Galley heard of it from a file or a cluster, by its clock; undefined where nobody knows. */
  readonly heardAt?: number | undefined;
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
  /** By node id, the traces that a proxy has still to settle: a message looks at these, not at all. */
  private readonly open = new Map<string, Set<RevisionTrace>>();

  begin(head: Omit<RevisionTrace, 'proxies'>, proxies: readonly string[]): void {
    this.forget(this.traces.get(head.revision));
    const map = new Map(proxies.map((id): [string, ProxyTrace] => [id, {}]));
    const trace: RevisionTrace = { ...head, proxies: map };
    this.traces.set(head.revision, trace);
    for (const id of map.keys()) this.open.set(id, (this.open.get(id) ?? new Set()).add(trace));
    if (this.traces.size > LIMIT) this.forget(this.traces.values().next().value);
  }

  get(revision: number): RevisionTrace | undefined {
    return this.traces.get(revision);
  }

  all(): readonly RevisionTrace[] {
    return [...this.traces.values()];
  }

  sent(proxy: string, now: number): void {
    for (const { proxies } of this.open.get(proxy) ?? []) {
      const trace = proxies.get(proxy);
      if (trace) trace.sentAt ??= now;
    }
  }

  /** The proxy holds all that concerned it. Returns for each revision that this completes how long it took, in ms. */
  settled(proxy: string, now: number): number[] {
    const completed = [...(this.open.get(proxy) ?? [])];
    this.open.delete(proxy);
    for (const { proxies } of completed) proxies.get(proxy)!.ackedAt = now;
    return completed.map(({ receivedAt }) => now - receivedAt);
  }

  private forget(trace: RevisionTrace | undefined): void {
    if (!trace) return;
    this.traces.delete(trace.revision);
    for (const [id, { ackedAt }] of trace.proxies) {
      if (ackedAt !== undefined) continue;
      const left = this.open.get(id);
      left?.delete(trace);
      if (left?.size === 0) this.open.delete(id);
    }
  }
}

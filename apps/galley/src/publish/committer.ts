import type { Commit, ConfigState, Proposal } from '#common/config-log';
import type { Log } from '#common/nats';
import type { ResourceKey } from '#config';
import { proposalFor } from '../snapshot/operations.js';
import type { Snapshot } from '../snapshot/snapshot.js';

/** The part of the config log's writer that is used here. */
export interface Writer {
  readonly state: ConfigState;
  commit(proposal: Proposal): Promise<Commit>;
}

export interface CommitterOptions {
  readonly writer: Writer;
  readonly onCommit: (commit: Commit) => void;
  readonly log: Log;
}

/** A disk that refuses is asked again after this time. */
const RETRY_MS = 1_000;

/**
 * Commits what changed in the snapshot, one commit at a time. Changes that come while one is on its way go out
 * together with the next; what waits is a set of keys, so it never outgrows the config.
 */
export class Committer {
  /** Since when a source has told of it: milliseconds since the Unix epoch, where it is known. */
  private readonly waiting = new Map<ResourceKey, number | undefined>();
  private working: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private snapshot: Snapshot | undefined;

  constructor(private readonly options: CommitterOptions) {}

  /** Takes in a snapshot and the keys in which it may differ from the one before, of which somebody told at `heardAt`. */
  publish(snapshot: Snapshot, touched: Iterable<ResourceKey>, heardAt?: number): void {
    this.snapshot = snapshot;
    for (const key of touched) this.waiting.set(key, earlier(this.waiting.get(key), heardAt));
    this.wake();
  }

  /** Resolves when nothing waits, or the disk refused. */
  async settled(): Promise<void> {
    while (this.working) await this.working;
  }

  async close(): Promise<void> {
    clearTimeout(this.retry);
    await this.settled();
  }

  private wake(): void {
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  private async work(): Promise<void> {
    while (this.waiting.size > 0 && this.snapshot) {
      const taken = new Map(this.waiting);
      this.waiting.clear();
      try {
        const { resources } = this.options.writer.state;
        const heardAt = [...taken.values()].reduce(earlier, undefined);
        const heard = heardAt === undefined ? {} : { heard: new Date(heardAt).toISOString() };
        await this.commit({ ...proposalFor(this.snapshot, taken.keys(), resources), ...heard });
      } catch (error) {
        for (const [key, at] of taken) this.waiting.set(key, earlier(this.waiting.get(key), at));
        this.options.log.error({ err: error, keys: taken.size }, 'cannot commit: trying again in a second');
        clearTimeout(this.retry);
        this.retry = setTimeout(() => this.wake(), RETRY_MS);
        return;
      }
    }
  }

  private async commit(proposal: Proposal): Promise<void> {
    if (proposal.operations.length === 0) return;
    const { writer, onCommit, log } = this.options;
    const commit = await writer.commit(proposal);
    const { revision, operations, heldBack } = commit;
    log.info({ revision, operations: operations.length, heldBack }, 'committed');
    onCommit(commit);
  }
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a !== undefined && b !== undefined ? Math.min(a, b) : (a ?? b);
}

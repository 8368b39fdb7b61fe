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
  private readonly waiting = new Set<ResourceKey>();
  private working: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private snapshot: Snapshot | undefined;

  constructor(private readonly options: CommitterOptions) {}

  /** Takes in a snapshot and the keys in which it may differ from the one before. */
  publish(snapshot: Snapshot, touched: Iterable<ResourceKey>): void {
    this.snapshot = snapshot;
    for (const key of touched) this.waiting.add(key);
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
      const keys = [...this.waiting];
      this.waiting.clear();
      try {
        await this.commit(proposalFor(this.snapshot, keys, this.options.writer.state.resources));
      } catch (error) {
        for (const key of keys) this.waiting.add(key);
        this.options.log.error({ err: error, keys: keys.length }, 'cannot commit: trying again in a second');
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

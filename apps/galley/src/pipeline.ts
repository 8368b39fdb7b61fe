import type { Log } from '#common/nats';
import type { Diagnostic } from '#config';
import { report } from './analyze/report.js';
import { Committer } from './publish/committer.js';
import type { CommitterOptions } from './publish/committer.js';
import { applyChanges, filePaths, inDoubt, restoreSnapshot } from './snapshot/snapshot.js';
import type { FileChange } from './sources/change.js';
import { Sources } from './sources/sources.js';
import type { ClusterSource } from './sources/sources.js';

export interface PipelineOptions extends CommitterOptions {
  /** The config folder, if there is one. */
  readonly root?: string;
  /** A cluster to read as well. Where both have a resource, the folder's stays. */
  readonly cluster?: ClusterSource;
  /** What was lost of the accepted snapshot on disk, in words. */
  readonly damage: readonly string[];
  readonly log: Log;
}

/** sources -> snapshot (validate, accept, hold back) -> publish; analyze for those who ask what is wrong. */
export class Pipeline {
  private readonly sources: Sources;
  private readonly committer: Committer;
  private snapshot;

  constructor(private readonly options: PipelineOptions) {
    // What was accepted before the last stop: only the difference is committed.
    this.snapshot = restoreSnapshot(options.writer.state.resources);
    this.committer = new Committer(options);
    const onChanges = (changes: readonly FileChange[]): ReadonlySet<string> => this.take(changes);
    this.sources = new Sources({ ...options, expected: filePaths(this.snapshot), onChanges });
  }

  /** Resolves when what the sources hold now is committed. */
  async start(): Promise<void> {
    await this.sources.start();
    await this.committer.settled();
  }

  async close(): Promise<void> {
    await this.sources.close();
    await this.committer.close();
  }

  diagnostics(): Diagnostic[] {
    return report(this.snapshot, { damage: this.options.damage, sources: this.sources.problems() });
  }

  /** One change of the sources, whole. Answers with the files that it has to see still before it believes them. */
  private take(changes: readonly FileChange[]): ReadonlySet<string> {
    const { snapshot, touched } = applyChanges(this.snapshot, changes);
    this.snapshot = snapshot;
    this.committer.publish(snapshot, touched);
    return inDoubt(snapshot, changes);
  }
}

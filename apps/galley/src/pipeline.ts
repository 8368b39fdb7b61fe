import type { Log } from '#common/nats';
import type { Diagnostic } from '#config';
import { report } from './analyze/report.js';
import { Committer } from './publish/committer.js';
import type { CommitterOptions } from './publish/committer.js';
import { applyChanges, filePaths, inDoubt, restoreSnapshot } from './snapshot/snapshot.js';
import type { FileChange } from './sources/change.js';
import { FolderSource } from './sources/folder-source.js';

export interface PipelineOptions extends CommitterOptions {
  /** The config folder. */
  readonly root: string;
  /** What was lost of the accepted snapshot on disk, in words. */
  readonly damage: readonly string[];
  readonly log: Log;
}

/** sources -> snapshot (validate, accept, hold back) -> publish; analyze for those who ask what is wrong. */
export class Pipeline {
  private folderProblem: string | undefined;
  private readonly source: FolderSource;
  private readonly committer: Committer;
  private snapshot;

  constructor(private readonly options: PipelineOptions) {
    const { root, writer, log } = options;
    // What was accepted before the last stop: only the difference is committed.
    this.snapshot = restoreSnapshot(writer.state.resources);
    this.committer = new Committer(options);
    const onFolder = (problem: string | undefined): void => void (this.folderProblem = problem);
    const onChanges = (changes: readonly FileChange[]): ReadonlySet<string> => this.take(changes);
    this.source = new FolderSource({ root, expected: filePaths(this.snapshot), onChanges, onFolder, log });
  }

  /** Resolves when what the folder holds now is committed. */
  async start(): Promise<void> {
    await this.source.start();
    await this.committer.settled();
  }

  async close(): Promise<void> {
    await this.source.close();
    await this.committer.close();
  }

  diagnostics(): Diagnostic[] {
    return report(this.snapshot, { damage: this.options.damage, folderProblem: this.folderProblem });
  }

  /** One change of the folder, whole. Answers with the files that it has to see still before it believes them. */
  private take(changes: readonly FileChange[]): ReadonlySet<string> {
    const { snapshot, touched } = applyChanges(this.snapshot, changes);
    this.snapshot = snapshot;
    this.committer.publish(snapshot, touched);
    return inDoubt(snapshot, changes);
  }
}

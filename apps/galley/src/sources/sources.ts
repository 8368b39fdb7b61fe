import type { KubeClient, ReflectorTimings } from '#common/kube';
import type { Log } from '#common/nats';
import type { SourceProblem } from '../analyze/report.js';
import { splitUnit } from '../snapshot/units.js';
import type { Unit } from '../snapshot/units.js';
import type { FileChange } from './change.js';
import { FolderSource } from './folder-source.js';
import { KubernetesSource } from './kubernetes-source.js';

/** A cluster to read. */
export interface ClusterSource {
  readonly client: KubeClient;
  readonly name: string;
  /** Whose mesh settings to read: ConfigMap `istio-<revision>`. */
  readonly revision?: string;
  readonly timings?: ReflectorTimings;
}

export interface SourcesOptions {
  readonly root?: string;
  /** How long a file of the folder has to be left alone, see {@link FolderSource}. */
  readonly stillMs?: number;
  readonly cluster?: ClusterSource;
  /** Units that were known before the start. */
  readonly expected: readonly Unit[];
  readonly onChanges: (changes: readonly FileChange[]) => ReadonlySet<string>;
  readonly log: Log;
}

/** Where config comes from: a folder, a cluster, or both. */
export class Sources {
  private folderProblem: string | undefined;
  private readonly folder: FolderSource | undefined;
  private readonly cluster: KubernetesSource | undefined;

  constructor(private readonly options: SourcesOptions) {
    const { root, stillMs, cluster, expected, onChanges, log } = options;
    const onFolder = (problem: string | undefined): void => void (this.folderProblem = problem);
    const files = expected.filter((unit) => splitUnit(unit) === undefined);
    const follows = { expected: files, onChanges, onFolder, log, ...(stillMs !== undefined && { stillMs }) };
    this.folder = root === undefined ? undefined : new FolderSource({ root, ...follows });
    this.cluster =
      cluster && new KubernetesSource({ ...cluster, cluster: cluster.name, expected, onChanges, log });
  }

  /** Resolves when all of them said what they hold. */
  async start(): Promise<void> {
    this.dropForgotten();
    await Promise.all([this.folder?.start(), this.cluster?.start()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.folder?.close(), this.cluster?.close()]);
  }

  /** Of these units, those that are not there any more, for certain. */
  vanished(units: readonly Unit[]): Set<Unit> {
    const files = units.filter((unit) => splitUnit(unit) === undefined);
    return new Set([
      ...(this.folder?.vanished(files) ?? []),
      ...(this.cluster?.vanished(units) ?? []),
      ...this.forgotten(units),
    ]);
  }

  /** Units that the log has: one that is not there is told of as soon as that is known. */
  expect(units: readonly Unit[]): void {
    this.cluster?.expect(units);
  }

  problems(): SourceProblem[] {
    const { folderProblem: message } = this;
    const folder = message === undefined ? [] : [{ file: '.', kind: 'unreadable' as const, message }];
    return [...folder, ...(this.cluster?.problems() ?? [])];
  }

  /** What came from a source that this process was not given any more: nobody else could ever say that it is gone. */
  private dropForgotten(): void {
    const forgotten = this.forgotten(this.options.expected);
    if (forgotten.length > 0) this.options.onChanges(forgotten.map((path) => ({ kind: 'gone', path })));
  }

  private forgotten(units: readonly Unit[]): Unit[] {
    const { root, cluster } = this.options;
    return units.filter((unit) => {
      const object = splitUnit(unit);
      return object ? object.cluster !== cluster?.name : root === undefined;
    });
  }
}

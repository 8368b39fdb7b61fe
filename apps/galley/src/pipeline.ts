import type { Commit, ConfigChange, ConfigState } from '#common/config-log';
import type { Log } from '#common/nats';
import type { Diagnostic, FileReading, ResourceKey } from '#config';
import { report } from './analyze/report.js';
import type { Surroundings } from './analyze/report.js';
import { describeConfig, listConfig } from './analyze/listing.js';
import type { ConfigDescription, ConfigPage, ConfigQuery, ListingContext } from './analyze/listing.js';
import { KnownConflicts } from './analyze/known-conflicts.js';
import { Provisions } from './analyze/provisions.js';
import { standingOf } from './analyze/standing.js';
import type { Findings, Standing } from './analyze/standing.js';
import { Committer } from './publish/committer.js';
import type { Writer } from './publish/committer.js';
import { LogEcho } from './snapshot/log-echo.js';
import {
  applyChanges,
  filePaths,
  inDoubt,
  precedence,
  rebaseSnapshot,
  restoreSnapshot,
} from './snapshot/snapshot.js';
import type { Snapshot } from './snapshot/snapshot.js';
import type { Unit } from './snapshot/units.js';
import type { FileChange } from './sources/change.js';
import { Sources } from './sources/sources.js';
import type { ClusterSource } from './sources/sources.js';

export interface PipelineOptions {
  /** The config folder, if there is one. */
  readonly root?: string;
  /** Milliseconds that a file has to be left alone for before it counts as complete. */
  readonly stillMs?: number;
  /** A cluster to read as well. Where both have a resource, the folder's stays. */
  readonly cluster?: ClusterSource;
  /** What was accepted before the last stop: only the difference is committed. */
  readonly restored: ConfigState['resources'];
  readonly onCommit: (commit: Commit) => void;
  /** Told of each change, and of the keys of which another version may be in force now, before it is committed. */
  readonly onChange?: (changes: readonly FileChange[], touched: ReadonlySet<ResourceKey>) => void;
  /** What others have found wrong with the version in force. */
  readonly told?: (key: ResourceKey) => readonly Diagnostic[];
  readonly log: Log;
}

/**
 * sources -> snapshot (validate, accept, hold back) -> publish; analyze for those who ask what is wrong. Of several
 * replicas one publishes; the others know the sources as well as it does.
 */
export class Pipeline {
  private readonly sources: Sources;
  private committer: Committer | undefined;
  private snapshot: Snapshot;
  private readonly provisions = new Provisions();
  private readonly conflicts = new KnownConflicts();
  private readonly findings: Findings = {
    missing: (reading) => this.provisions.missing(reading),
    told: (key) => [...this.conflicts.of(key), ...(this.options.told?.(key) ?? [])],
  };
  /** By which commits of this process the resources became what they are; of the others, when it began to commit. */
  private readonly revisions = new Map<ResourceKey, number>();
  private began = 0;
  private readonly log = new LogEcho();
  /** Files that are not seen still yet, by path: since when. */
  private readonly inDoubt = new Map<string, number>();

  constructor(private readonly options: PipelineOptions) {
    this.snapshot = restoreSnapshot(options.restored);
    this.provisions.update(this.snapshot, filePaths(this.snapshot));
    const onChanges = (changes: readonly FileChange[]): ReadonlySet<string> => this.take(changes);
    this.sources = new Sources({ ...options, expected: filePaths(this.snapshot), onChanges });
  }

  /** Resolves when what the sources hold now is committed. */
  async start(): Promise<void> {
    await this.sources.start();
    await this.committer?.settled();
  }

  /** Another Galley committed this, which the sources here may not have told of yet. */
  heard(change: ConfigChange): void {
    this.log.take(change, this.snapshot, this.options.cluster?.name ?? '');
  }

  /** From now on commits to this log, first what the sources hold otherwise than it does. */
  lead(writer: Writer): void {
    const { resources } = writer.state;
    const before = this.snapshot;
    const inLog = filePaths(restoreSnapshot(resources));
    this.sources.expect(inLog);
    const gone = new Set([...this.sources.vanished(inLog), ...this.log.deleted(before)]);
    const { snapshot, touched } = rebaseSnapshot(before, resources, gone);
    this.snapshot = snapshot;
    this.provisions.update(snapshot, new Set([...filePaths(before), ...filePaths(snapshot)]));
    this.began = writer.state.revision;
    const onCommit = (commit: Commit): void => {
      this.noteRevisions(commit);
      this.options.onCommit(commit);
    };
    this.committer = new Committer({ writer, onCommit, log: this.options.log });
    this.committer.publish(snapshot, touched);
  }

  /** Commits nothing any more. */
  async follow(): Promise<void> {
    const { committer } = this;
    this.committer = undefined;
    await committer?.close();
  }

  async close(): Promise<void> {
    await this.sources.close();
    await this.follow();
  }

  /** What is wrong with the config, and around it: `others` are not the sources' to know. */
  diagnostics(others: Partial<Surroundings> = {}): Diagnostic[] {
    const { damage = [], sources = [] } = others;
    return report(this.snapshot, { damage, sources: [...sources, ...this.sources.problems()] });
  }

  /** What is wrong with what somebody is about to write to the cluster, beside the config that there is. */
  examine(reading: FileReading): Diagnostic[] {
    const cluster = this.options.cluster?.name ?? '';
    const overridden = precedence(this.snapshot, cluster, reading);
    return [...overridden, ...this.provisions.missing(reading)];
  }

  /** How a resource stands that one unit of a source has; undefined where it was not read yet. */
  standing(unit: Unit, key: ResourceKey): Standing | undefined {
    return standingOf(this.snapshot, unit, key, this.findings);
  }

  /** Looks for resources that contradict each other, if it is time; those of which something else is said now. */
  refreshConflicts(): ReadonlySet<ResourceKey> {
    return this.conflicts.refresh(this.snapshot);
  }

  /** What the sources have, a page at a time. */
  list(query: ConfigQuery): ConfigPage {
    return listConfig(this.listing(), query);
  }

  /** A resource, with everything that there is to say of it, as each source has it. */
  describe(key: ResourceKey): ConfigDescription[] {
    this.conflicts.read(this.snapshot);
    return describeConfig(this.listing(), key);
  }

  private listing(): ListingContext {
    const { snapshot, findings, revisions, began } = this;
    const revisionOf = (key: ResourceKey): number => revisions.get(key) ?? began;
    return { snapshot, revisionOf, findings };
  }

  private noteRevisions({ revision, operations }: Commit): void {
    for (const { op, key } of operations) {
      if (op === 'put') this.revisions.set(key, revision);
      if (op === 'delete') this.revisions.delete(key);
    }
  }

  /** Since when there is word of these changes: of a file that had to be seen still, since it was told of first. */
  private heardAt(changes: readonly FileChange[], doubtful: ReadonlySet<string>): number {
    const now = Date.now();
    const since = changes.map(({ path }) => this.inDoubt.get(path) ?? now);
    for (const { path } of changes) {
      if (!doubtful.has(path)) this.inDoubt.delete(path);
      else if (!this.inDoubt.has(path)) this.inDoubt.set(path, now);
    }
    return Math.min(now, ...since);
  }

  /** One change of the sources, whole. Answers with the files that it has to see still before it believes them. */
  private take(told: readonly FileChange[]): ReadonlySet<string> {
    const changes = this.log.news(told);
    const { snapshot, touched } = applyChanges(this.snapshot, changes);
    this.snapshot = snapshot;
    this.provisions.update(
      snapshot,
      changes.map(({ path }) => path),
    );
    this.options.onChange?.(changes, touched);
    const doubtful = inDoubt(snapshot, changes);
    this.committer?.publish(snapshot, touched, this.heardAt(told, doubtful));
    return doubtful;
  }
}

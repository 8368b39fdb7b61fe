import type { ConfigChange } from '#common/config-log';
import type { ResourceKey } from '#config';
import type { FileChange } from '../sources/change.js';
import type { Snapshot } from './snapshot.js';
import { objectUnit, splitUnit } from './units.js';
import type { Unit } from './units.js';
import { isOlder, newer } from './versions.js';

/**
 * What another Galley's commits say about objects that the own watches may still be behind with. An object that is
 * deleted in the log must not come back because its deletion was not heard of here yet. Keeps a version per resource
 * of the log, and a word per object that is deleted there and not here.
 */
export class LogEcho {
  private versions = new Map<ResourceKey, string>();
  /** The newest version that the log, or anybody here, knew before the deletion. */
  private readonly deletions = new Map<Unit, string>();
  /** The object that the own watches told of last under a name; empty where they told that it is gone, and it is logged. */
  private readonly uids = new Map<Unit, string>();
  /** Of an object that was made anew under the name of another, the first version that was seen. */
  private readonly anew = new Map<Unit, string>();

  take(change: ConfigChange, own: Snapshot, cluster: string): void {
    if (change.kind === 'reset') return this.reset(change.state.resources, own, cluster);
    for (const operation of change.commit.operations) {
      if (operation.op === 'delete') this.delete(operation.key, own, cluster);
      else this.note(operation.key, operation.origin.resourceVersion);
    }
  }

  /** Of what the sources tell, what is news: a version from before a deletion in the log is none. */
  news(changes: readonly FileChange[]): readonly FileChange[] {
    const news = changes.filter((change) => this.isNews(change));
    for (const change of news) this.see(change);
    return news;
  }

  private isNews(change: FileChange): boolean {
    const known = this.deletions.get(change.path);
    if (known === undefined) return true;
    if (change.kind === 'object' && !isOlder(known, change.resourceVersion)) return false;
    this.deletions.delete(change.path);
    return true;
  }

  private see(change: FileChange): void {
    const { kind, path } = change;
    const before = this.uids.get(path);
    if (kind === 'object') {
      const { about, resourceVersion } = change;
      if (before !== undefined && before !== about.uid) this.anew.set(path, resourceVersion);
      this.uids.set(path, about.uid);
    } else if (kind === 'gone' && before !== undefined) {
      const key = splitUnit(path)?.key;
      this.anew.delete(path);
      if (key !== undefined && this.versions.has(key)) this.uids.set(path, '');
      else this.uids.delete(path);
    }
  }

  /** Objects that are deleted in the log, and that the own snapshot still has in a version from before. */
  deleted(own: Snapshot): Unit[] {
    return [...this.deletions]
      .filter(([unit, known]) => !isOlder(known, own.files.get(unit)?.reading?.resourceVersion))
      .map(([unit]) => unit);
  }

  private reset(
    resources: ReadonlyMap<ResourceKey, { readonly origin: { readonly resourceVersion?: string } }>,
    own: Snapshot,
    cluster: string,
  ): void {
    for (const key of [...this.versions.keys()]) if (!resources.has(key)) this.delete(key, own, cluster);
    this.versions = new Map();
    for (const [key, { origin }] of resources) this.note(key, origin.resourceVersion);
  }

  private note(key: ResourceKey, version: string | undefined): void {
    if (version === undefined) this.versions.delete(key);
    else this.versions.set(key, version);
  }

  private delete(key: ResourceKey, own: Snapshot, cluster: string): void {
    const known = this.versions.get(key);
    this.versions.delete(key);
    const unit = objectUnit(cluster, key);
    if (this.uids.get(unit) === '') this.uids.delete(unit);
    // The log is behind here: it tells of the end of the one before, and nobody would tell of this one again.
    if (isOlder(known, this.anew.get(unit))) return;
    const held = own.files.get(unit)?.reading?.resourceVersion;
    const version = newer(known, held);
    if (known !== undefined && held !== undefined && version !== undefined) this.deletions.set(unit, version);
  }
}

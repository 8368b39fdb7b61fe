import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '#common/nats';

/** `name` is null where the system does not say what changed in the folder. */
export type FolderEvent = (folder: string, event: 'rename' | 'change', name: string | null) => void;

interface Watch {
  readonly watcher: FSWatcher;
  readonly inode: string;
}

/** One watch per folder: recursive watching costs a scan of everything on Linux, and misses new folders. */
export class FolderWatches {
  private readonly watches = new Map<string, Watch>();
  /** False where a folder could not be watched, so that somebody has to look. */
  complete = true;

  constructor(
    private readonly root: string,
    private readonly onEvent: FolderEvent,
    private readonly log: Log,
  ) {}

  /** Watches exactly these folders (paths to inodes). Returns true where a watch was added: things may have happened before it. */
  sync(folders: ReadonlyMap<string, string>): boolean {
    let added = false;
    this.complete = true;
    for (const [path, { inode }] of this.watches) if (folders.get(path) !== inode) this.drop(path);
    for (const [path, inode] of folders) {
      if (this.watches.has(path)) continue;
      if (this.add(path, inode)) added = true;
      else this.complete = false;
    }
    return added;
  }

  /** True where this very folder is watched, not one that stood at its path before. */
  has(path: string, inode?: string): boolean {
    const held = this.watches.get(path);
    return held !== undefined && (inode === undefined || held.inode === inode);
  }

  close(): void {
    for (const path of this.watches.keys()) this.drop(path);
  }

  private add(path: string, inode: string): boolean {
    try {
      const watcher = watch(join(this.root, path), (event, name) => this.onEvent(path, event, name));
      watcher.on('error', (error) => {
        this.log.warn({ err: error, path }, 'a folder can no longer be watched');
        this.drop(path);
        this.complete = false;
      });
      this.watches.set(path, { watcher, inode });
      return true;
    } catch (error) {
      this.log.warn({ err: error, path }, 'a folder cannot be watched: looking every second instead');
      return false;
    }
  }

  private drop(path: string): void {
    this.watches.get(path)?.watcher.close();
    this.watches.delete(path);
  }
}

import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '#common/nats';
import { decodeUtf8 } from '#config';
import type { FileChange } from './change.js';
import { isConfigFile, isHidden, isMissing, look, readBytes, sameStamp, walk } from './entries.js';
import type { Stamp, Tree } from './entries.js';
import { isOpenForWriting } from './open-writers.js';
import { STILL_MS, Stillness } from './stillness.js';
import { FolderWatches } from './watches.js';

export interface FolderSourceOptions {
  readonly root: string;
  /** Files that were known before the start: one that is not there any more is reported as gone. */
  readonly expected: Iterable<string>;
  /** Takes in what happened, as one change; returns the files about which it is in doubt until they are still. */
  readonly onChanges: (changes: readonly FileChange[]) => ReadonlySet<string>;
  /** The folder cannot be read, and why; undefined when it can again. Nothing is reported as gone meanwhile. */
  readonly onFolder: (problem: string | undefined) => void;
  readonly log: Log;
  /** Milliseconds after which a file that is written in place counts as complete; by default 100. */
  readonly stillMs?: number;
}

/** A file as it was reported. */
interface Reported {
  readonly stamp?: Stamp;
  readonly digest?: string;
  /** The last text that was complete ended with a line break; the newest one does. */
  readonly wasTerminated: boolean;
  readonly terminated: boolean;
}

/** Why a path is to be looked at. */
interface Stir {
  /** The file's content was written to, so it may be incomplete; else it was put there by a rename. */
  written: boolean;
  tries: number;
}

/** What was found at a path. */
type Finding =
  | {
      readonly kind: 'text';
      readonly path: string;
      readonly stir: Stir;
      readonly stamp: Stamp;
      readonly bytes: Buffer;
    }
  | { readonly kind: 'gone'; readonly path: string }
  | { readonly kind: 'failed'; readonly path: string; readonly message: string }
  /** Another file of the same folder, for telling a file that was moved aside from one that was deleted. */
  | { readonly kind: 'other'; readonly path: string; readonly inode: string };

/** Looking at everything again: finds what no event told, such as an overflow of the system's event queue. */
const RESCAN_MS = 10_000;
/** The same where a folder cannot be watched. */
const POLL_MS = 1_000;
/** The same while there is no folder. */
const RETRY_MS = 250;
/** Changes in one go from which on a walk is cheaper, and safer should events have been lost. */
const BURST = 2_000;
/** Times that a reading is thrown away because the file changed meanwhile. */
const MAX_TRIES = 5;
const FILES_AT_ONCE = 64;
/** A folder that was away and came back is likely to be being filled: what it lacks may be on its way, for so many times
 * as long as a file that is written. */
const RETURN = 10;

/**
 * A folder of config files, with all below it. Changes are reported within milliseconds, work is proportional to
 * what changed. Files that are renamed into place, linked or unlinked are complete at once; for those that are
 * written in place, the receiver says whether it has to wait, and is told when the file was still.
 */
export class FolderSource {
  private readonly reported = new Map<string, Reported>();
  private readonly watches: FolderWatches;
  private readonly stillness: Stillness;
  private stirred = new Map<string, Stir>();
  private working: Promise<void> | undefined;
  private rescanDue = true;
  private timer: NodeJS.Timeout | undefined;
  private problem: string | undefined;
  private closed = false;
  private returned = -Infinity;
  private readonly stillMs: number;

  constructor(private readonly options: FolderSourceOptions) {
    const { root, log, stillMs = STILL_MS } = options;
    this.stillMs = stillMs;
    this.watches = new FolderWatches(root, (folder, event, name) => this.onEvent(folder, event, name), log);
    this.stillness = new Stillness((path, waited) => void this.settle(path, waited), stillMs);
    for (const path of options.expected) this.reported.set(path, { wasTerminated: true, terminated: true });
  }

  /** Resolves when what is in the folder now was reported, or that there is no folder. */
  async start(): Promise<void> {
    this.wake();
    await this.working;
  }

  /** Of these files, those that are not there, as far as that is known. */
  vanished(paths: readonly string[]): string[] {
    const isKnown = this.problem === undefined && !this.rescanDue && !this.isReturning;
    return isKnown ? paths.filter((path) => !this.reported.has(path)) : [];
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.stillness.close();
    this.watches.close();
    await this.working;
  }

  private onEvent(folder: string, event: 'rename' | 'change', name: string | null): void {
    if (name === null || this.isFolderItself(folder, name)) this.rescanDue = true;
    if (name !== null) this.stir(folder === '' ? name : `${folder}/${name}`, event === 'change');
    this.wake();
  }

  /** A watched folder that is moved or deleted is reported under its own name. */
  private isFolderItself(folder: string, name: string): boolean {
    return basename(join(this.options.root, folder)) === name;
  }

  private stir(path: string, written: boolean, tries = 0): void {
    const known = this.stirred.get(path);
    this.stirred.set(path, { written: written || (known?.written ?? false), tries });
    this.stillness.stir(path);
  }

  private wake(): void {
    if (this.working || this.closed) return;
    this.working = this.work()
      .catch((error: unknown) => this.options.log.error({ err: error }, 'cannot follow the config folder'))
      .finally(() => {
        this.working = undefined;
        this.scheduleRescan();
      });
  }

  private async work(): Promise<void> {
    await nextTurn();
    while (!this.closed && (this.rescanDue || this.stirred.size > 0)) {
      if (this.rescanDue || this.stirred.size > BURST) await this.rescan();
      const batch = this.stirred;
      this.stirred = new Map();
      const findings = await this.examineAll(batch);
      // A writer that was at work while its file was read has told so by now.
      await nextTurn();
      this.report(await this.withoutLost(findings));
    }
  }

  private scheduleRescan(): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    const watching = this.watches.complete ? RESCAN_MS : POLL_MS;
    const delay = this.problem === undefined ? watching : RETRY_MS;
    this.timer = setTimeout(() => {
      this.rescanDue = true;
      this.wake();
    }, delay);
  }

  /** Walks the whole folder, watches what is not watched yet, and stirs what is not as it was reported. */
  private async rescan(): Promise<void> {
    this.rescanDue = false;
    try {
      let tree = await walk(this.options.root);
      // What came between the walk and a new watch is found by walking again.
      while (this.watches.sync(tree.folders)) tree = await walk(this.options.root);
      this.setProblem(undefined);
      this.compare(tree);
    } catch (error) {
      this.watches.close();
      this.setProblem((error as Error).message);
    }
  }

  private compare(tree: Tree): void {
    const now = Date.now();
    for (const [path, { stamp, linked }] of tree.files) {
      // Modified this recently, it may still be being written.
      const isFresh = !linked && now - stamp.modified < this.stillMs;
      if (!sameStamp(this.reported.get(path)?.stamp, stamp)) this.stir(path, isFresh);
    }
    const unknown = [...tree.unreadable.keys()].map((folder) => `${folder}/`);
    for (const path of this.reported.keys()) {
      if (!tree.files.has(path) && !unknown.some((folder) => path.startsWith(folder))) this.stir(path, false);
    }
    for (const [path, message] of tree.unreadable)
      this.options.log.warn({ path, message }, 'a folder cannot be listed');
  }

  private setProblem(problem: string | undefined): void {
    if (problem === this.problem) return;
    if (problem === undefined) this.returned = performance.now();
    this.problem = problem;
    this.options.onFolder(problem);
  }

  private async examineAll(batch: ReadonlyMap<string, Stir>): Promise<Finding[]> {
    const findings: Finding[] = [];
    const paths = [...batch];
    for (let at = 0; at < paths.length; at += FILES_AT_ONCE) {
      const some = paths.slice(at, at + FILES_AT_ONCE).map(([path, stir]) => this.examine(path, stir));
      findings.push(...(await Promise.all(some)).flat());
    }
    return findings;
  }

  private async examine(path: string, stir: Stir): Promise<Finding[]> {
    // Mounted ConfigMaps: the links in this folder lead through ..data, which was just swapped.
    if (basename(path).startsWith('..')) this.rescanDue = true;
    const entry = await look(join(this.options.root, path));
    switch (entry.kind) {
      case 'folder':
        if (!isHidden(path) && !this.watches.has(path, entry.inode)) this.rescanDue = true;
        return [];
      case 'failed':
        return isConfigFile(path) ? [{ kind: 'failed', path, message: entry.message }] : [];
      case 'none':
        if (this.watches.has(path)) this.rescanDue = true;
        return this.reported.has(path) ? [{ kind: 'gone', path }] : [];
      case 'file':
        if (!isConfigFile(path)) return [{ kind: 'other', path, inode: entry.stamp.inode }];
        return [await this.read(path, stir)];
    }
  }

  private async read(path: string, stir: Stir): Promise<Finding> {
    try {
      return { kind: 'text', path, stir, ...(await readBytes(join(this.options.root, path))) };
    } catch (error) {
      return isMissing(error)
        ? { kind: 'gone', path }
        : { kind: 'failed', path, message: (error as Error).message };
    }
  }

  /** Files that went away together with the folder itself are not deleted: the folder is, and is waited for. */
  private async withoutLost(findings: readonly Finding[]): Promise<readonly Finding[]> {
    if (!findings.some(({ kind }) => kind === 'gone')) return findings;
    if ((await look(this.options.root)).kind === 'folder' && this.problem === undefined) return findings;
    this.rescanDue = this.problem === undefined;
    return findings.filter(({ kind }) => kind !== 'gone');
  }

  private get isReturning(): boolean {
    return performance.now() - this.returned < RETURN * this.stillMs;
  }

  private report(findings: readonly Finding[]): void {
    const changes = findings.flatMap((finding) => this.changeOf(finding, findings) ?? []);
    if (changes.length === 0) return;
    const doubtful = this.options.onChanges(changes);
    for (const { path } of changes) {
      const reported = this.reported.get(path);
      if (doubtful.has(path)) this.stillness.await(path, isUnfinished(reported));
      else this.settled(path, reported);
    }
  }

  private settled(path: string, reported: Reported | undefined): void {
    this.stillness.forget(path);
    if (reported) this.reported.set(path, { ...reported, wasTerminated: reported.terminated });
  }

  private changeOf(finding: Finding, findings: readonly Finding[]): FileChange | undefined {
    switch (finding.kind) {
      case 'other':
        return undefined;
      case 'failed':
        this.reported.set(finding.path, { wasTerminated: true, terminated: true });
        return finding;
      case 'gone':
        return this.goneOf(finding.path, findings);
      case 'text':
        return this.textOf(finding);
    }
  }

  /** Editors that keep a backup move the file aside before they write it anew: it will be back in a moment. */
  private goneOf(path: string, findings: readonly Finding[]): FileChange | undefined {
    const inode = this.reported.get(path)?.stamp?.inode;
    const isAside = findings.some(
      (other) => other.kind === 'other' && other.inode === inode && dirname(other.path) === dirname(path),
    );
    if (isAside || this.isReturning) {
      this.stillness.await(path);
      return undefined;
    }
    this.reported.delete(path);
    this.stillness.forget(path);
    return { kind: 'gone', path };
  }

  private textOf({ path, stir, stamp, bytes }: Extract<Finding, { kind: 'text' }>): FileChange | undefined {
    if (this.stirred.has(path) && stir.tries < MAX_TRIES) {
      this.stir(path, stir.written, stir.tries + 1);
      return undefined;
    }
    const digest = createHash('sha256').update(bytes).digest('base64');
    const before = this.reported.get(path);
    // An empty file is what a writer leaves between opening and writing, even where it came by a rename.
    const whole = !stir.written && bytes.length > 0;
    const terminated = bytes.length === 0 || bytes.at(-1) === 0x0a;
    this.reported.set(path, { stamp, digest, terminated, wasTerminated: before?.wasTerminated ?? true });
    if (before?.digest === digest) return this.unchangedOf(path, whole);
    const text = decodeUtf8(bytes);
    return text === undefined
      ? { kind: 'failed', path, message: 'not UTF-8' }
      : { kind: 'text', path, text, whole };
  }

  private unchangedOf(path: string, whole: boolean): FileChange | undefined {
    if (!this.stillness.isAwaited(path)) return undefined;
    if (whole) return { kind: 'still', path };
    this.stillness.await(path, isUnfinished(this.reported.get(path)));
    return undefined;
  }

  /** A file that was in doubt has been left alone. */
  private async settle(path: string, waited: number): Promise<void> {
    const entry = await look(join(this.options.root, path));
    if (this.closed || this.stirred.has(path) || this.working) return this.stillness.stir(path);
    const reported = this.reported.get(path);
    if (entry.kind === 'none') {
      return this.isReturning || this.problem !== undefined
        ? this.stillness.stir(path)
        : this.reportOne({ kind: 'gone', path });
    }
    if (entry.kind !== 'file' || !reported?.stamp) return this.stillness.forget(path);
    if (!sameStamp(reported.stamp, entry.stamp)) {
      this.stir(path, true);
      return this.wake();
    }
    const busy = !Stillness.isOver(waited) && (await isOpenForWriting(entry.stamp.inode));
    if (this.closed || this.stirred.has(path) || this.working || busy) return this.stillness.stir(path);
    this.reportOne({ kind: 'still', path });
  }

  private reportOne(change: FileChange): void {
    if (change.kind === 'gone') this.reported.delete(change.path);
    this.options.onChanges([change]);
    this.settled(change.path, this.reported.get(change.path));
  }
}

/** A text that ends in the middle of a line where its predecessor did not is likely to go on. */
function isUnfinished(reported: Reported | undefined): boolean {
  return reported !== undefined && !reported.terminated && reported.wasTerminated;
}

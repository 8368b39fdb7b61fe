import { createHash } from 'node:crypto';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '#common/files';
import type { ObjectKey } from '#common/kube';
import type { Logger } from '#common/logger';
import type { KeptType, KubeEdit } from '../../registries/kubernetes/objects.js';

const SUFFIX = '.jsonl';

/** The file of a cluster in a folder. */
export function journalOf(folder: string, cluster: string): string {
  return join(folder, `${encodeURIComponent(cluster)}${SUFFIX}`);
}

/** The clusters that have a file in a folder. */
export async function savedClusters(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => decodeURIComponent(name.slice(0, -SUFFIX.length)));
}

/** A file of another version is as good as none: the cluster says it all again. */
const HEADER = JSON.stringify({ quartet: 'registry', version: 2 });
/** Lines beyond twice the objects that there are, after which the file is written anew. */
const SLACK = 2_000;
const TYPES: ReadonlySet<string> = new Set<KeptType>([
  'services',
  'endpointslices',
  'pods',
  'nodes',
  'namespaces',
]);

/**
 * What a cluster said last, on disk, so that a Pilot that is started while the API server is away knows it. A line per
 * edit, each with a sum of its own: what a crash cut short, or a disk spoilt, is one line that does not count. Edits
 * wait for the disk at most once per object.
 */
export class ObjectJournal {
  private readonly waiting = new Map<string, KubeEdit>();
  private writing: Promise<void> | undefined;
  private lines = Infinity;

  constructor(
    private readonly file: string,
    /** All that there is now. */
    private readonly all: () => Iterable<KubeEdit>,
    private readonly log: Logger,
  ) {}

  /** What was there when the file was written last; nothing without a file. */
  async load(): Promise<KubeEdit[]> {
    const text = await readFile(this.file, 'utf8').catch(() => '');
    const [header, ...lines] = text.split('\n');
    if (header !== HEADER) return [];
    const known = new Map<string, KubeEdit>();
    for (const edit of lines.flatMap(parse)) {
      if (edit.object) known.set(idOf(edit), edit);
      else known.delete(idOf(edit));
    }
    return [...known.values()];
  }

  /** Writes them down as soon as the disk takes it. */
  append(edits: readonly KubeEdit[]): void {
    for (const edit of edits) this.waiting.set(idOf(edit), edit);
    this.writing ??= this.write();
  }

  /** Resolves when all of it is written. */
  async close(): Promise<void> {
    await this.writing;
  }

  private async write(): Promise<void> {
    // What else comes in this turn goes along.
    await Promise.resolve();
    while (this.waiting.size > 0) {
      const edits = [...this.waiting.values()];
      this.waiting.clear();
      await this.store(edits).catch((error: Error) => {
        this.lines = Infinity;
        this.log.warn({ file: this.file, reason: error.message }, 'what a cluster said could not be saved');
      });
    }
    this.writing = undefined;
  }

  private async store(edits: readonly KubeEdit[]): Promise<void> {
    if (this.lines === Infinity || this.lines > SLACK) return this.rewrite();
    await appendFile(this.file, edits.map((edit) => `${format(edit)}\n`).join(''));
    this.lines += edits.length;
  }

  /** The slack starts again from a file that holds each object once. */
  private async rewrite(): Promise<void> {
    const all = [...this.all()];
    await replaceFile(this.file, `${[HEADER, ...all.map(format)].join('\n')}\n`, 0o600);
    this.lines = -all.length;
  }
}

function idOf({ type, key }: KubeEdit): string {
  return `${type} ${key}`;
}

function format({ type, key, object }: KubeEdit): string {
  const text = JSON.stringify([type, key, object ?? null]);
  return `${sumOf(text)} ${text}`;
}

function parse(line: string): KubeEdit[] {
  const text = line.slice(9);
  if (line[8] !== ' ' || sumOf(text) !== line.slice(0, 8)) return [];
  const [type, key, object] = JSON.parse(text) as [string, ObjectKey, object | null];
  return TYPES.has(type) ? [{ type, key, object: object ?? undefined } as KubeEdit] : [];
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

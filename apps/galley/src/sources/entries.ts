import { open, readdir, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { basename, join } from 'node:path';

const CONFIG_FILE = /\.(?:ya?ml|json)$/i;
/** Characters of a file that is still read; the reader of the text has a bound of its own, below this one. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
/** Links may lead in a circle. */
const MAX_FOLDER_DEPTH = 24;

export function isConfigFile(path: string): boolean {
  return CONFIG_FILE.test(path) && !isHidden(path);
}

/** Names that begin with a dot: editors' own files, and the `..data` folders of mounted ConfigMaps. */
export function isHidden(path: string): boolean {
  return basename(path).startsWith('.');
}

/** What tells one state of a file from another without reading it. */
export interface Stamp {
  readonly inode: string;
  readonly size: number;
  readonly modified: number;
  readonly changed: number;
}

export function stampOf(stats: Stats): Stamp {
  const { dev, ino, size, mtimeMs, ctimeMs } = stats;
  return { inode: `${dev}:${ino}`, size, modified: mtimeMs, changed: ctimeMs };
}

export function sameStamp(left: Stamp | undefined, right: Stamp): boolean {
  return (
    left?.inode === right.inode &&
    left.size === right.size &&
    left.modified === right.modified &&
    left.changed === right.changed
  );
}

export type Entry =
  | { readonly kind: 'none' }
  | { readonly kind: 'folder'; readonly inode: string }
  | { readonly kind: 'file'; readonly stamp: Stamp }
  | { readonly kind: 'failed'; readonly message: string };

/** What stands at a path; links are followed. */
export async function look(path: string): Promise<Entry> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) return { kind: 'folder', inode: stampOf(stats).inode };
    return stats.isFile() ? { kind: 'file', stamp: stampOf(stats) } : { kind: 'none' };
  } catch (error) {
    return isMissing(error) ? { kind: 'none' } : { kind: 'failed', message: (error as Error).message };
  }
}

/** The bytes of a regular file, and the state that it was in when they were read. */
export async function readBytes(path: string): Promise<{ stamp: Stamp; bytes: Buffer }> {
  const file = await open(path, 'r');
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('not a regular file');
    if (stats.size > MAX_FILE_BYTES) throw new Error(`${stats.size} bytes, more than ${MAX_FILE_BYTES}`);
    const bytes = await file.readFile();
    return { stamp: stampOf(stats), bytes };
  } finally {
    await file.close();
  }
}

export interface FoundFile {
  readonly stamp: Stamp;
  /** True where the path leads through a symbolic link: what it leads to changes whole, by another link. */
  readonly linked: boolean;
}

/** A walk over a folder and all below it. */
export interface Tree {
  /** Paths of folders, relative to the root, with their inodes; the root is the empty path. */
  readonly folders: Map<string, string>;
  readonly files: Map<string, FoundFile>;
  /** Folders that are there and cannot be listed: nothing is known of what they hold. */
  readonly unreadable: Map<string, string>;
}

/** @throws where the root itself cannot be listed */
export async function walk(root: string): Promise<Tree> {
  const tree: Tree = { folders: new Map(), files: new Map(), unreadable: new Map() };
  const entry = await look(root);
  if (entry.kind !== 'folder')
    throw new Error(entry.kind === 'failed' ? entry.message : 'there is no such folder');
  await walkFolder(root, '', entry.inode, [], tree);
  return tree;
}

/** Adds a folder and what is below it. */
export async function walkFolder(
  root: string,
  path: string,
  inode: string,
  above: readonly string[],
  tree: Tree,
): Promise<void> {
  if (above.includes(inode) || above.length >= MAX_FOLDER_DEPTH) return;
  tree.folders.set(path, inode);
  for (const { name, linked } of await listFolder(root, path, tree)) {
    if (isHidden(name)) continue;
    const child = path === '' ? name : `${path}/${name}`;
    const entry = await look(join(root, child));
    if (entry.kind === 'folder') await walkFolder(root, child, entry.inode, [...above, inode], tree);
    else if (entry.kind === 'file' && isConfigFile(name))
      tree.files.set(child, { stamp: entry.stamp, linked });
  }
}

async function listFolder(
  root: string,
  path: string,
  tree: Tree,
): Promise<{ name: string; linked: boolean }[]> {
  try {
    const entries = await readdir(join(root, path), { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, linked: entry.isSymbolicLink() }));
  } catch (error) {
    if (path === '') throw error;
    if (!isMissing(error)) tree.unreadable.set(path, (error as Error).message);
    return [];
  }
}

export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

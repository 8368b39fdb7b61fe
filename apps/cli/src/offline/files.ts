import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

const CONFIG_FILE = /\.(ya?ml|json)$/;

/** The files that the user names: files as they are, folders with all YAML and JSON below, `-` standard input. */
export async function readConfigFiles(paths: readonly string[]): Promise<ConfigFile[]> {
  const files = await Promise.all(paths.map(expand));
  return Promise.all(files.flat().map(async (path) => ({ path, text: await readText(path) })));
}

async function expand(path: string): Promise<string[]> {
  if (path === '-' || !(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => !entry.isDirectory() && CONFIG_FILE.test(entry.name));
  return found.map((entry) => join(entry.parentPath, entry.name)).sort();
}

function readText(path: string): Promise<string> {
  return path === '-' ? text(process.stdin) : readFile(path, 'utf8');
}

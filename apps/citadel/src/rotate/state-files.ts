import { readFileSync } from 'node:fs';
import { replaceFile } from '#common/files';

/** The text of a file; undefined if there is none. Throws the system's error. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file for its owner alone, whole or not at all, and through to the disk. Rejects with the system's error. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await replaceFile(path, text, 0o600);
}

/** The same for what everybody may read. */
export async function writePublic(path: string, text: string): Promise<void> {
  await replaceFile(path, text, 0o644);
}

/** What the file holds, or else what `make` returns, written to it first. */
export async function readOrCreate(path: string, make: () => string): Promise<string> {
  const found = readIfThere(path);
  if (found !== undefined) return found;
  const made = make();
  await writePrivate(path, made);
  return made;
}

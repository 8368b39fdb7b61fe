import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const live = new Set<string>();

/**
 * A new private folder with a short path (a unix socket in it must stay under 108 bytes), removed when the tests of
 * this file are over.
 */
export function tempDir(prefix = 'q-'): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  live.add(folder);
  return folder;
}

/** Removes all folders made so far. */
export function removeTempDirs(): void {
  for (const folder of live) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  live.clear();
}

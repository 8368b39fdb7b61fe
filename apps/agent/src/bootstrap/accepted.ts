import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../log.js';
import type { JsonObject } from './json.js';
import { patched, type BootstrapPatch } from './merge.js';

const run = promisify(execFile);

export interface Trial {
  readonly executable: string;
  /** The agent's private folder. */
  readonly folder: string;
  readonly bootstrap: JsonObject;
  readonly log: Log;
}

/**
 * The patches with which Envoy takes the bootstrap. One that it refuses is left out and named: a mistake in an
 * EnvoyFilter must not keep proxies from starting.
 */
export async function acceptedPatches(
  trial: Trial,
  patches: readonly BootstrapPatch[],
): Promise<BootstrapPatch[]> {
  if (patches.length === 0 || (await complaint(trial, patches)) === undefined) return [...patches];
  const accepted: BootstrapPatch[] = [];
  for (const patch of patches) {
    const reason = await complaint(trial, [...accepted, patch]);
    if (reason === undefined) accepted.push(patch);
    else
      trial.log.error({ source: patch.source, reason }, 'Envoy refuses a patch of the bootstrap: left out');
  }
  return accepted;
}

/** Envoy's own words; undefined where it takes them. */
async function complaint(
  { executable, folder, bootstrap }: Trial,
  patches: readonly BootstrapPatch[],
): Promise<string | undefined> {
  const file = join(folder, 'bootstrap-trial.json');
  await writeFile(file, JSON.stringify(patched(bootstrap, patches)), { mode: 0o600 });
  try {
    await run(executable, ['--mode', 'validate', '-c', file, '--log-level', 'error']);
    return undefined;
  } catch (error) {
    const { stderr = '', stdout = '', message } = error as Error & { stderr?: string; stdout?: string };
    return (stderr.trim() || stdout.trim() || message).slice(-1_000);
  }
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BinaryPin } from './pins.js';

const run = promisify(execFile);

/**
 * The release that a program says it is: `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL` or
 * `nats-server: v2.15.1`. Undefined where it cannot be run or says nothing of the kind.
 */
export async function reportedVersion(executable: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(executable, ['--version'], { timeout: 10_000 });
    return /(?:^|[\s/v])(\d+\.\d+\.\d+)(?:[/\s-]|$)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether a release lies in the range that its pin states. */
export function inRange(version: string, [from, to]: BinaryPin['range']): boolean {
  return compare(version, from) >= 0 && compare(version, to) < 0;
}

function compare(left: string, right: string): number {
  const a = left.split('.').map(Number);
  const b = right.split('.').map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

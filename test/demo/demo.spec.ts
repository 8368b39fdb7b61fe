import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Hopeless, quartetCli, spawnProcess, until, type SpawnedProcess } from '#common/testing';
import { descendants, listProcesses } from '../../apps/cli/src/demo/measure/processes.js';

const demo = (...flags: string[]): SpawnedProcess =>
  spawnProcess(process.execPath, [quartetCli(), 'demo', ...flags], { name: 'demo' });

/** The first match of a pattern in what a running demo printed. */
function printed(process: SpawnedProcess, pattern: RegExp): Promise<string> {
  return until(
    () => {
      if (!process.running()) throw new Hopeless(`the demo ended:\n${process.logs()}`);
      return pattern.exec(process.logs())?.[1];
    },
    { what: String(pattern), timeout: 60_000 },
  );
}

async function pidsBelow(pid: number): Promise<number[]> {
  return descendants(await listProcesses(), [pid]).map((info) => info.pid);
}

describe('quartet demo', () => {
  it('proves itself on its tour', async () => {
    const tour = demo('--tour');
    await until(() => !tour.running(), { what: 'the tour to end', timeout: 280_000 });
    const { code } = await tour.exited;
    expect(tour.logs()).not.toContain('FAILED');
    const proven = new Set(tour.logs().match(/(?<=ok {6})\d/g));
    expect([...proven].sort()).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(code).toBe(0);
  }, 300_000);

  it('serves until Ctrl-C, and leaves nothing behind', async () => {
    const running = demo();
    const url = await printed(running, /(http:\/\/127\.0\.0\.1:\d+\/productpage)/);
    const folder = await printed(running, /its config +(\S+)\/config/);
    expect(await (await fetch(url)).text()).toContain('The Comedy of Errors');
    const below = await pidsBelow(running.pid);
    expect(below.length).toBeGreaterThan(20);
    process.kill(running.pid, 'SIGINT');
    await running.exited;
    const left = (await listProcesses()).filter(({ pid }) => below.includes(pid));
    expect(left).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  }, 120_000);

  it('leaves nothing behind when it is killed', async () => {
    const running = demo();
    await printed(running, /(productpage) \(reload/);
    const below = await pidsBelow(running.pid);
    process.kill(running.pid, 'SIGKILL');
    const left = async () => (await listProcesses()).filter(({ pid }) => below.includes(pid)).length;
    await until(async () => (await left()) === 0, { what: 'all processes to be gone', timeout: 15_000 });
  }, 120_000);

  it('serves the same pages without the mesh', async () => {
    const bare = demo('--without-mesh');
    const url = await printed(bare, /(http:\/\/127\.0\.0\.1:\d+\/productpage)/);
    expect(await (await fetch(url)).text()).toContain('Book Details');
    expect((await pidsBelow(bare.pid)).length).toBeLessThan(10);
    process.kill(bare.pid, 'SIGINT');
    await bare.exited;
  }, 60_000);
});

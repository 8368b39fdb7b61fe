import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { tempDir, until } from '#common/testing';
import { startGalley, stopGalleys, virtualService } from '../../apps/galley/src/pipeline.rig.js';
import { LogRig, put } from '../../libs/common/src/config-log/log.rig.js';

/** Odd, so that there is a middle one. */
const ROUNDS = 41;

/** How long each round takes in the middle, in milliseconds. */
async function median(round: (n: number) => Promise<number>): Promise<number> {
  const delays: number[] = [];
  while (delays.length < ROUNDS) delays.push(await round(delays.length));
  delays.sort((a, b) => a - b);
  const [middle, late] = [0.5, 0.95].map((part) => delays[Math.floor(part * ROUNDS)]!);
  process.stderr.write(`median ${middle!.toFixed(1)} ms, p95 ${late!.toFixed(1)} ms\n`);
  return middle!;
}

describe('a change', () => {
  let log: LogRig | undefined;

  afterEach(async () => {
    await stopGalleys();
    await log?.end();
  });

  it('of one among 200 files is committed milliseconds after the rename', async () => {
    const root = tempDir('q-cfg-');
    for (let at = 0; at < 200; at++) writeFileSync(join(root, `f${at}.yaml`), virtualService(`vs-${at}`));
    const rig = await startGalley(root);
    expect(rig.commits).toHaveLength(1);
    const delay = await median(async (round) => {
      const at = (round * 37) % 200;
      writeFileSync(join(root, 'draft'), virtualService(`vs-${at}`, `r${round}`));
      const count = rig.commits.length;
      const before = performance.now();
      renameSync(join(root, 'draft'), join(root, `f${at}.yaml`));
      await until(() => rig.commits.length > count, { interval: 1 });
      return (rig.times.at(-1) ?? 0) - before;
    });
    // 5 ms on an idle machine.
    expect(delay).toBeLessThan(25);
  });

  it('comes from the writer of the config log to a reader within milliseconds', async () => {
    log = await LogRig.start();
    const galley = await log.writer();
    const pilot = await log.consumer();
    const commit = (content: string) => galley.commit({ operations: [put('a', content)], heldBack: [] });
    await commit('first');
    await pilot.reaches(galley.state);
    const delay = await median(async (round) => {
      const before = performance.now();
      const seen = pilot.next();
      await commit(`${round}`);
      await seen;
      return performance.now() - before;
    });
    // 1.1 ms on an idle machine, both fsyncs included.
    expect(delay).toBeLessThan(20);
  });
});

import { cpSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tempDir, until } from '#common/testing';
import { ResourceTooLargeError } from './index.js';
import { LogRig, put } from './log.rig.js';

let rig: LogRig;

beforeEach(async () => {
  rig = await LogRig.start();
});

afterEach(async () => {
  await rig.end();
});

const none = [] as const;

describe('the config log', () => {
  it('carries commits whole and in order to its readers', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', '1')], heldBack: none });
    await pilot.reaches(galley.state);
    const heldBack = [{ key: 'g/K/ns/b', code: 'IST0106', message: 'no' }];
    const heard = '2026-11-26T00:00:00.000Z';
    const commit = await galley.commit({ operations: [put('b', '2'), put('a', '3')], heldBack, heard });
    expect(commit).toMatchObject({ heldBack, heard });
    await pilot.reaches(galley.state);
    expect(pilot.changes.at(-1)).toEqual({ kind: 'commit', commit });
    expect([...pilot.reader.state.resources]).toEqual([...galley.state.resources]);
  });

  it('appends nothing for a commit without operations, nor when the writer starts again', async () => {
    const dir = tempDir();
    const galley = await rig.writer(dir);
    await galley.commit({ operations: [put('a', '1')], heldBack: none });
    await galley.published();
    const before = await rig.log();
    const { revision, epoch } = galley.state;
    const nothing = await galley.commit({ operations: none, heldBack: none });
    expect(nothing).toMatchObject({ revision, previous: revision, epoch });
    await galley.close();
    const again = await rig.writer(dir);
    await again.published();
    expect(again.state).toMatchObject({ revision, epoch });
    expect(await rig.log()).toEqual(before);
  });

  it('publishes what a crashed writer had only on its disk, as the commits they are', async () => {
    const dir = tempDir();
    const galley = await rig.writer(dir);
    await galley.commit({ operations: [put('a', '1')], heldBack: none });
    const pilot = await rig.consumer();
    await pilot.reaches(galley.state);
    await galley.close();
    const offline = await rig.writer(dir, { connect: () => Promise.reject(new Error('away')) });
    const commit = await offline.commit({ operations: [put('b', '2')], heldBack: none });
    await offline.close();
    const again = await rig.writer(dir);
    await pilot.reaches(again.state);
    expect(pilot.changes.at(-1)).toEqual({ kind: 'commit', commit });
    expect(again.state.epoch).toBe(commit.epoch);
  });

  it('refuses a resource that fits no message, and stays as it was', async () => {
    const galley = await rig.writer();
    const { revision } = galley.state;
    const operations = [put('small', '1'), put('big', 'x'.repeat(1_000_001))];
    await expect(galley.commit({ operations, heldBack: none })).rejects.toThrow(ResourceTooLargeError);
    expect(galley.state.revision).toBe(revision);
  });

  it('takes a resource of nearly a megabyte', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('big', 'x'.repeat(999_000)), put('small', '1')], heldBack: none });
    await pilot.reaches(galley.state);
  });

  it('applies a commit of more than 1,000 messages whole', async () => {
    const galley = await rig.writer(tempDir(), { partBytes: 100 });
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', '1')], heldBack: none });
    await pilot.reaches(galley.state);
    const operations = Array.from({ length: 2_500 }, (_, i) => put(`r${i}`, `content ${i}`));
    const commit = await galley.commit({ operations, heldBack: none });
    await pilot.reaches(galley.state);
    expect(pilot.changes.at(-1)).toEqual({ kind: 'commit', commit });
    expect((await rig.log()).messages).toBeGreaterThan(2_500);
  });

  it('carries 20 MB', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.published();
    await pilot.reaches(galley.state);
    const operations = Array.from({ length: 10_000 }, (_, i) => put(`r${i}`, `${i} `.padEnd(2_000, 'x')));
    const t0 = performance.now();
    await galley.commit({ operations, heldBack: none });
    await pilot.reaches(galley.state, 30_000);
    const followed = performance.now() - t0;
    const t1 = performance.now();
    const late = await rig.consumer();
    await late.reaches(galley.state, 30_000);
    const joined = performance.now() - t1;
    // About 0.6 s and 0.3 s on an idle machine.
    expect({ followed: followed < 20_000, joined: joined < 20_000 }).toEqual({
      followed: true,
      joined: true,
    });
  }, 90_000);

  it('lets two readers join late, past a purged log', async () => {
    const galley = await rig.writer(tempDir(), { snapshotEvery: 5 });
    for (let i = 0; i < 37; i += 1) {
      await galley.commit({ operations: [put(`r${i % 11}`, `${i}`)], heldBack: none });
      await galley.published();
    }
    await until(async () => (await rig.log()).messages < 20, { what: 'the log to be purged' });
    const [one, two] = await Promise.all([rig.consumer(), rig.consumer()]);
    await one.reaches(galley.state);
    await two.reaches(galley.state);
    expect([one.resets(false), two.resets(false)]).toEqual([1, 1]);
    await galley.commit({ operations: [put('r0', 'last')], heldBack: none });
    await one.reaches(galley.state);
    await two.reaches(galley.state);
  });

  it('hands on the saved state at once while NATS is away, and catches up later', async () => {
    const [galleyDir, pilotDir] = [tempDir(), tempDir()];
    const galley = await rig.writer(galleyDir);
    const pilot = await rig.consumer(pilotDir);
    await galley.commit({ operations: [put('a', '1')], heldBack: none });
    await pilot.reaches(galley.state);
    await Promise.all([pilot.reader.stop(), galley.close()]);
    await rig.bus.kill();
    const again = await rig.writer(galleyDir);
    const restarted = await rig.consumer(pilotDir);
    expect(restarted.changes).toMatchObject([{ kind: 'reset', stale: true }]);
    expect(restarted.contents.get('g/K/ns/a')).toBe('1');
    await again.commit({ operations: [put('a', '2')], heldBack: none });
    await rig.bus.start();
    await restarted.reaches(again.state);
    expect(restarted.resets(false)).toBe(1);
    expect(again.state.epoch).toBe(galley.state.epoch);
  });

  it('goes on after the server was killed, without a reset', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', '1')], heldBack: none });
    await pilot.reaches(galley.state);
    const { epoch } = galley.state;
    await rig.bus.kill();
    await galley.commit({ operations: [put('b', '2')], heldBack: none });
    await rig.bus.start();
    await pilot.reaches(galley.state);
    await galley.commit({ operations: [put('c', '3')], heldBack: none });
    await pilot.reaches(galley.state);
    expect(galley.state.epoch).toBe(epoch);
    expect(pilot.resets(false)).toBe(1);
  });

  it('fills a wiped stream again, in a new epoch', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', '1')], heldBack: none });
    await pilot.reaches(galley.state);
    const { epoch, revision } = galley.state;
    await rig.bus.kill();
    rmSync(rig.bus.storeDir, { recursive: true });
    await rig.bus.start();
    await until(() => galley.state.epoch > epoch, { what: 'a new epoch' });
    await galley.published();
    await pilot.reaches(galley.state);
    expect(galley.state.revision).toBeGreaterThan(revision);
    const late = await rig.consumer();
    await late.reaches(galley.state);
    expect(late.contents.get('g/K/ns/a')).toBe('1');
  });

  it('brings a stream that was put back up to date, in the same epoch', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', '1')], heldBack: none });
    await pilot.reaches(galley.state);
    await rig.bus.kill();
    const backup = tempDir();
    cpSync(rig.bus.storeDir, backup, { recursive: true });
    await rig.bus.start();
    for (let i = 0; i < 5; i += 1) await galley.commit({ operations: [put('b', `${i}`)], heldBack: none });
    await pilot.reaches(galley.state);
    const { epoch, revision } = galley.state;
    await rig.bus.kill();
    rmSync(rig.bus.storeDir, { recursive: true });
    cpSync(backup, rig.bus.storeDir, { recursive: true });
    await rig.bus.start();
    const late = await rig.consumer();
    await late.reaches(galley.state);
    await pilot.reaches(galley.state);
    expect(galley.state).toMatchObject({ epoch, revision });
    expect(pilot.resets(false)).toBe(1);
  });

  it('starts a new epoch for a writer that lost its disk', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', '1')], heldBack: none });
    await pilot.reaches(galley.state);
    await galley.close();
    const other = await rig.writer();
    await other.commit({ operations: [put('z', '9')], heldBack: none });
    await pilot.reaches(other.state);
    expect([...pilot.contents.keys()]).toEqual(['g/K/ns/z']);
    expect(other.state.epoch > galley.state.epoch).toBe(true);
    expect(other.state.revision).toBeGreaterThan(galley.state.revision);
  });
});

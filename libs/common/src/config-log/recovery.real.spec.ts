import { readdirSync, truncateSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { tempDir, until } from '#common/testing';
import { ConfigLogReader, type ConfigChange } from './index.js';
import { LogRig, put } from './log.rig.js';
import { LOG_STREAM, SNAPSHOT_STREAM } from './subjects.js';

let rig: LogRig;

beforeEach(async () => {
  rig = await LogRig.start();
});

afterEach(async () => {
  await rig.end();
});

function tearTail(dir: string): void {
  const [tail] = readdirSync(dir).filter((name) => name.startsWith('tail-'));
  const file = join(dir, tail!);
  truncateSync(file, statSync(file).size - 5);
}

describe('what is lost', () => {
  it.each([LOG_STREAM, SNAPSHOT_STREAM])(
    'is published again when %s is emptied under the writer',
    async (stream) => {
      const galley = await rig.writer();
      const pilot = await rig.consumer();
      await galley.commit({ operations: [put('a', '1')], heldBack: [] });
      await pilot.reaches(galley.state);
      const connection = await rig.bus.connect('galley')();
      const manager = await jetstreamManager(connection, { checkAPI: false });
      await manager.streams.purge(stream);
      await until(async () => (await manager.streams.info(stream)).state.messages > 0, {
        what: 'the writer to notice',
      });
      await connection.close();
      await galley.published();
      await pilot.reaches(galley.state);
      const late = await rig.consumer();
      await late.reaches(galley.state);
    },
  );

  it('of a torn journal makes the writer say so and start a new epoch', async () => {
    const dir = tempDir();
    const galley = await rig.writer(dir);
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', '1')], heldBack: [] });
    await galley.published();
    await galley.commit({ operations: [put('a', '2')], heldBack: [] });
    await pilot.reaches(galley.state);
    const { epoch, revision } = galley.state;
    await galley.close();
    tearTail(dir);
    const again = await rig.writer(dir);
    expect(again.damage).toHaveLength(1);
    expect(again.state.resources.get('g/K/ns/a')?.content).toBe('1');
    await until(() => again.state.epoch > epoch, { what: 'a new epoch' });
    await pilot.reaches(again.state);
    expect(again.state.revision).toBeGreaterThan(revision);
    expect(pilot.contents.get('g/K/ns/a')).toBe('1');
  });

  it("of a reader's journal comes back from the log", async () => {
    const dir = tempDir();
    const galley = await rig.writer();
    const pilot = await rig.consumer(dir);
    for (const content of ['1', '2', '3'])
      await galley.commit({ operations: [put('a', content)], heldBack: [] });
    await pilot.reaches(galley.state);
    await pilot.reader.stop();
    tearTail(dir);
    const again = await rig.consumer(dir);
    await again.reaches(galley.state);
    expect(again.contents.get('g/K/ns/a')).toBe('3');
  });
});

describe('a reader', () => {
  it('that comes back gets its saved state, then one whole state with what it missed', async () => {
    const dir = tempDir();
    const galley = await rig.writer();
    const pilot = await rig.consumer(dir);
    await galley.commit({ operations: [put('a', '1')], heldBack: [] });
    await pilot.reaches(galley.state);
    await pilot.reader.stop();
    for (const content of ['2', '3']) await galley.commit({ operations: [put('a', content)], heldBack: [] });
    await galley.published();
    const again = await rig.consumer(dir);
    await again.reaches(galley.state);
    const kinds = again.changes.map((change) =>
      change.kind === 'reset' ? `reset ${change.stale}` : 'commit',
    );
    expect(kinds).toEqual(['reset true', 'reset false']);
  });

  it('whose listener throws gets the whole state instead', async () => {
    const galley = await rig.writer();
    const changes: ConfigChange[] = [];
    const connect = rig.bus.connect('mixer');
    const reader = new ConfigLogReader({ connect, stateDir: tempDir(), checkInterval: 100 });
    try {
      await reader.start((change) => {
        changes.push(change);
        if (change.kind === 'commit') throw new Error('cannot');
      });
      await until(() => reader.live);
      await galley.commit({ operations: [put('a', '1')], heldBack: [] });
      const last = await until(() => changes[1]?.kind === 'commit' && changes[2]);
      expect(last).toMatchObject({ kind: 'reset', stale: false, state: { revision: galley.state.revision } });
    } finally {
      await reader.stop();
    }
  });

  it('takes its time, and gets what waited in order', async () => {
    const galley = await rig.writer();
    await galley.published();
    const seen: number[] = [];
    const connect = rig.bus.connect('mixer');
    const reader = new ConfigLogReader({ connect, stateDir: tempDir(), checkInterval: 50 });
    try {
      await reader.start(async (change) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (change.kind === 'commit') seen.push(change.commit.revision);
      });
      await until(() => reader.live);
      const first = galley.state.revision + 1;
      for (let i = 0; i < 30; i += 1) await galley.commit({ operations: [put('a', `${i}`)], heldBack: [] });
      await until(() => seen.length === 30, { what: 'all commits' });
      expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => first + i));
    } finally {
      await reader.stop();
    }
  });

  it('stops while NATS is away', async () => {
    await rig.bus.kill();
    const pilot = await rig.consumer();
    const galley = await rig.writer();
    await Promise.all([pilot.reader.stop(), galley.close()]);
    expect(pilot.changes).toEqual([]);
  });
});

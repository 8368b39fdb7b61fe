import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tempDir, until } from '#common/testing';
import { publishAtomic } from './batch.js';
import { mintEpoch } from './epoch.js';
import type { Commit } from './index.js';
import { LogRig, put } from './log.rig.js';
import { commitMessages } from './messages.js';
import { LOG_MARKER, LOG_PART, SNAPSHOT_MARKER } from './subjects.js';

let rig: LogRig;

beforeEach(async () => {
  rig = await LogRig.start();
});

afterEach(async () => {
  await rig.end();
});

/** A commit that follows a state, in all but its state hash. */
function forged(state: { epoch: string; revision: number }, changes: Partial<Commit> = {}): Commit {
  const { epoch, revision } = state;
  return {
    epoch,
    revision: revision + 1,
    previous: revision,
    operations: [put('a', 'forged')],
    stateHash: 'f'.repeat(64),
    heldBack: [],
    time: '2026-01-01T00:00:00Z',
    ...changes,
  };
}

async function withConnection<T>(
  role: 'galley' | 'pilot',
  work: (nc: NatsConnection) => Promise<T>,
): Promise<T> {
  const connection = await rig.bus.connect(role)();
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

describe('a forged writer', () => {
  it.each([LOG_MARKER, LOG_PART, SNAPSHOT_MARKER])(
    'cannot publish to %s with another credential',
    async (subject) => {
      const galley = await rig.writer();
      await galley.published();
      const before = await rig.log();
      const attempt = withConnection('pilot', (nc) => nc.request(subject, 'x', { timeout: 10_000 }));
      await expect(attempt).rejects.toThrow(/permission/i);
      expect(await rig.log()).toEqual(before);
    },
  );

  it.each(['STREAM.DELETE', 'STREAM.PURGE', 'STREAM.UPDATE', 'STREAM.MSG.DELETE'])(
    'cannot use %s with another credential',
    async (verb) => {
      const galley = await rig.writer();
      await galley.published();
      const attempt = withConnection('pilot', (nc) =>
        nc.request(`$JS.API.${verb}.QUARTET_CONFIG`, '{}', { timeout: 10_000 }),
      );
      await expect(attempt).rejects.toThrow(/permission/i);
    },
  );

  it('is refused by the readers for a wrong state hash, and pushed aside by the writer', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', 'true')], heldBack: [] });
    await pilot.reaches(galley.state);
    const { epoch } = galley.state;
    await withConnection('galley', (nc) => publishAtomic(nc, commitMessages(forged(galley.state))));
    await until(() => galley.state.epoch > epoch, { what: 'the writer to notice' });
    await pilot.reaches(galley.state);
    const commits = pilot.changes.flatMap((change) => (change.kind === 'commit' ? [change.commit] : []));
    expect(commits.map(({ stateHash }) => stateHash)).not.toContain('f'.repeat(64));
    expect(pilot.contents.get('g/K/ns/a')).toBe('true');
  });

  it.each([
    ['another hash over its parts', (text: string) => text.replace('forged', 'forgex')],
    ['no JSON', () => 'nonsense'],
    ['a version from the future', (text: string) => text.replace('"v":2,"reads":1', '"v":9,"reads":9')],
  ])('is refused for %s', async (_why, change) => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', 'true')], heldBack: [] });
    await pilot.reaches(galley.state);
    const { epoch } = galley.state;
    const [message] = [...commitMessages(forged(galley.state))];
    const payload = new TextEncoder().encode(change(new TextDecoder().decode(message!.payload)));
    await withConnection('galley', (nc) => publishAtomic(nc, [{ subject: LOG_MARKER, payload }]));
    await until(() => galley.state.epoch > epoch, { what: 'the writer to notice' });
    await galley.commit({ operations: [put('b', '2')], heldBack: [] });
    await pilot.reaches(galley.state);
    expect(pilot.contents.get('g/K/ns/a')).toBe('true');
  });

  it('cannot take readers back to an older epoch', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', 'true')], heldBack: [] });
    await pilot.reaches(galley.state);
    const { epoch } = galley.state;
    const old = forged(galley.state, { epoch: mintEpoch(1_000_000), revision: 900, previous: 899 });
    await withConnection('galley', (nc) => publishAtomic(nc, commitMessages(old)));
    await until(() => galley.state.epoch > epoch, { what: 'the writer to notice' });
    await pilot.reaches(galley.state);
    expect(galley.state.revision).toBeGreaterThan(900);
    expect(pilot.contents.get('g/K/ns/a')).toBe('true');
  });

  it('leaves parts without a marker behind, which count for nothing', async () => {
    const galley = await rig.writer();
    const pilot = await rig.consumer();
    await galley.commit({ operations: [put('a', 'true')], heldBack: [] });
    await pilot.reaches(galley.state);
    const large = forged(galley.state, {
      operations: [put('a', 'x'), put('b', 'y'.repeat(200_000)), put('c', 'z'.repeat(200_000))],
    });
    const parts = [...commitMessages(large)].filter(({ subject }) => subject === LOG_PART);
    expect(parts.length).toBeGreaterThan(1);
    await withConnection('galley', (nc) => publishAtomic(nc, parts));
    await galley.commit({ operations: [put('d', '4')], heldBack: [] });
    await until(() => pilot.contents.get('g/K/ns/d') === '4', { what: 'the commit after the orphans' });
    await pilot.reaches(galley.state);
    expect([...pilot.contents.keys()]).toEqual(['g/K/ns/a', 'g/K/ns/d']);
  });
});

describe('versions of the wire form', () => {
  it.each([
    ['a writer one version older', { version: 1 }, undefined],
    ['a reader one version older', undefined, { version: 1 }],
  ])('%s is understood', async (_who, writerWire, readerWire) => {
    const galley = await rig.writer(tempDir(), { wire: writerWire, snapshotEvery: 3 });
    const pilot = await rig.consumer(tempDir(), { wire: readerWire });
    for (let i = 0; i < 8; i += 1) await galley.commit({ operations: [put('a', `${i}`)], heldBack: [] });
    await pilot.reaches(galley.state);
    const late = await rig.consumer(tempDir(), { wire: readerWire });
    await late.reaches(galley.state);
  });

  it('a reader that is too old keeps what it has', async () => {
    const [galleyDir, pilotDir] = [tempDir(), tempDir()];
    const galley = await rig.writer(galleyDir);
    const pilot = await rig.consumer(pilotDir);
    await galley.commit({ operations: [put('a', '1')], heldBack: [] });
    await pilot.reaches(galley.state);
    await galley.close();
    const newer = await rig.writer(galleyDir, { wire: { version: 5 } });
    await newer.commit({ operations: [put('a', '2')], heldBack: [] });
    await newer.published();
    await until(() => !pilot.reader.live, { what: 'the reader to notice' });
    expect(pilot.contents.get('g/K/ns/a')).toBe('1');
  });
});

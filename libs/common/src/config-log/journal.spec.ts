import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { tempDir } from '#common/testing';
import { mintEpoch, NO_EPOCH } from './epoch.js';
import { Journal } from './journal.js';
import { LiveState } from './live-state.js';
import type { Commit, Operation } from './types.js';

const EPOCH = mintEpoch(1_000);
const origin = { file: 'a.yaml', line: 1 };

function put(name: string, content: string): Operation {
  return { op: 'put', key: `g/K/ns/${name}`, content, origin };
}

/** What the owner of a journal does: append, then adopt. */
async function commit(journal: Journal, operations: readonly Operation[], sequence = 0): Promise<Commit> {
  const { state } = journal;
  const change = state.stage(operations);
  const { revision: previous } = state;
  const made: Commit = {
    epoch: EPOCH,
    revision: previous + 1,
    previous,
    operations,
    stateHash: change.hash.toString(),
    heldBack: [],
    time: '2026-01-01T00:00:00Z',
  };
  await journal.append(made, sequence);
  state.adopt(change, made);
  return made;
}

async function started(dir: string): Promise<Journal> {
  const journal = await Journal.open({ dir, durable: false });
  await journal.move(EPOCH, 0);
  journal.state.epoch = EPOCH;
  return journal;
}

async function tail(dir: string): Promise<string> {
  const names = (await readdir(dir)).filter((name) => name.startsWith('tail-')).sort();
  return join(dir, names.at(-1)!);
}

describe('Journal', () => {
  it('finds what was appended, with its position', async () => {
    const dir = tempDir();
    const journal = await started(dir);
    await commit(journal, [put('a', '1'), put('b', '2')], 7);
    await commit(journal, [{ op: 'delete', key: 'g/K/ns/a' }], 9);
    await journal.close();
    const again = await Journal.open({ dir, durable: true });
    expect(again.damage).toEqual([]);
    expect(again.sequence).toBe(9);
    expect(again.commits.map(({ revision }) => revision)).toEqual([1, 2]);
    expect([...again.state.resources]).toEqual([['g/K/ns/b', { content: '2', origin }]]);
    expect(again.state).toMatchObject({ epoch: EPOCH, revision: 2, stateHash: journal.state.stateHash });
    await again.close();
  });

  it('loses only the torn end of its tail, says so, and goes on', async () => {
    const dir = tempDir();
    const journal = await started(dir);
    await commit(journal, [put('a', '1')]);
    await commit(journal, [put('a', '2')]);
    await journal.close();
    const file = await tail(dir);
    await writeFile(file, (await readFile(file)).subarray(0, -9));
    const again = await Journal.open({ dir, durable: false });
    expect(again.damage).toEqual([expect.stringContaining('torn')]);
    expect(again.state.resources.get('g/K/ns/a')?.content).toBe('1');
    await commit(again, [put('b', '3')]);
    await again.close();
    const third = await Journal.open({ dir, durable: false });
    expect(third.damage).toEqual([]);
    expect(third.state.revision).toBe(2);
    await third.close();
  });

  it('loses what follows a changed line of its tail', async () => {
    const dir = tempDir();
    const journal = await started(dir);
    for (const content of ['1', '2', '3']) await commit(journal, [put('a', content)]);
    await journal.close();
    const file = await tail(dir);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"content":"2"', '"content":"X"'));
    const again = await Journal.open({ dir, durable: false });
    expect(again.damage).toHaveLength(1);
    expect(again.state.revision).toBe(1);
    await again.close();
  });

  it('loses one resource of a damaged base, keeps the tail, and claims no epoch', async () => {
    const dir = tempDir();
    const journal = await started(dir);
    await commit(journal, [put('a', 'AAA'), put('b', 'BBB')]);
    await journal.replace(journal.state);
    await commit(journal, [put('c', 'CCC')]);
    await journal.close();
    const base = join(dir, 'base.jsonl');
    await writeFile(base, (await readFile(base, 'utf8')).replace('AAA', 'XXX'));
    const again = await Journal.open({ dir, durable: false });
    expect(again.damage).toEqual(['base.jsonl: 1 resources lost']);
    expect([...again.state.resources.keys()]).toEqual(['g/K/ns/b', 'g/K/ns/c']);
    expect(again.state).toMatchObject({ epoch: NO_EPOCH, revision: 2 });
    await again.close();
  });

  it('writes a new base when its tail outgrew the old one, and drops old tails', async () => {
    const dir = tempDir();
    const journal = await started(dir);
    const content = 'x'.repeat(100_000);
    for (let i = 0; i < 40; i += 1) await commit(journal, [put(`r${i % 3}`, content + i)]);
    await journal.close();
    const names = await readdir(dir);
    expect(names.filter((name) => name.startsWith('tail-')).length).toBeLessThanOrEqual(2);
    expect(names).toContain('base.jsonl');
    const again = await Journal.open({ dir, durable: false });
    expect(again.damage).toEqual([]);
    expect(again.state).toMatchObject({ revision: 40, stateHash: journal.state.stateHash });
    await again.close();
  });

  it('reads a base and the tails of two generations, as a crash during a new base leaves them', async () => {
    const dir = tempDir();
    const journal = await started(dir);
    await commit(journal, [put('a', '1')]);
    await journal.replace(journal.state);
    await commit(journal, [put('a', '2')]);
    await journal.close();
    const next = join(dir, `tail-${Number((await tail(dir)).match(/(\d+)\.jsonl$/)![1]) + 1}.jsonl`);
    await appendFile(next, '');
    const again = await Journal.open({ dir, durable: false });
    await commit(again, [put('a', '3')]);
    await again.close();
    const third = await Journal.open({ dir, durable: false });
    expect(third.damage).toEqual([]);
    expect(third.state.resources.get('g/K/ns/a')?.content).toBe('3');
    await third.close();
  });

  it('replaces its state', async () => {
    const dir = tempDir();
    const journal = await started(dir);
    await commit(journal, [put('a', '1')]);
    const other = new LiveState(mintEpoch(2_000), 50, new Map([['g/K/ns/z', { content: 'z', origin }]]));
    await journal.replace(other, 12);
    await journal.close();
    const again = await Journal.open({ dir, durable: false });
    expect(again.state).toMatchObject({ epoch: other.epoch, revision: 50, stateHash: other.stateHash });
    expect(again.sequence).toBe(12);
    await again.close();
  });

  it('cut off anywhere is a state that it went through', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.double({ min: 0, max: 1, noNaN: true }), async (contents, where) => {
        const dir = tempDir();
        const journal = await started(dir);
        const hashes = [journal.state.stateHash];
        for (const size of contents)
          hashes.push((await commit(journal, [put('a', 'x'.repeat(size))])).stateHash);
        await journal.close();
        const file = await tail(dir);
        const bytes = await readFile(file);
        await writeFile(file, bytes.subarray(0, Math.floor(bytes.length * where)));
        const again = await Journal.open({ dir, durable: false });
        expect(again.state.stateHash).toBe(hashes[again.state.revision]);
        await again.close();
      }),
      { numRuns: 40 },
    );
  });
});

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { createLogger } from '#common/service';
import { tempDir } from '#common/testing';
import type { KubeEdit } from '../../registries/kubernetes/objects.js';
import { journalOf, ObjectJournal, savedClusters } from './object-journal.js';

const node = (name: string, zone: string): KubeEdit => {
  return { type: 'nodes', key: `/${name}`, object: { region: 'eu', zone, subZone: '' } };
};
const gone = (name: string): KubeEdit => ({ type: 'nodes', key: `/${name}`, object: undefined });

/** A journal of the nodes that it was told of. */
function journal(file: string): { write(...edits: KubeEdit[]): Promise<void>; load(): Promise<KubeEdit[]> } {
  const known = new Map<string, KubeEdit>();
  const one = new ObjectJournal(file, () => known.values(), createLogger('test', 'fatal'));
  return {
    load: () => one.load(),
    write: async (...edits) => {
      for (const edit of edits) {
        if (edit.object) known.set(edit.key, edit);
        else known.delete(edit.key);
      }
      one.append(edits);
      await one.close();
    },
  };
}

it('brings back what was said last', async () => {
  const folder = tempDir();
  const file = journalOf(folder, 'a/b');
  const writer = journal(file);
  await writer.write(node('a', '1'), node('b', '1'), node('c', '1'));
  await writer.write(node('a', '2'));
  await writer.write(gone('b'));
  expect(await journal(file).load()).toEqual([node('a', '2'), node('c', '1')]);
  expect(await savedClusters(folder)).toEqual(['a/b']);
});

it('does without the lines that a crash cut short or a disk spoilt', async () => {
  const file = journalOf(tempDir(), 'a');
  await journal(file).write(node('a', '1'), node('b', '1'));
  writeFileSync(file, readFileSync(file, 'utf8').replace('"/a"', '"/x"'));
  appendFileSync(file, '0123abcd ["nodes","/z",');
  expect(await journal(file).load()).toEqual([node('b', '1')]);
});

it('says nothing where there is no file, or one of another version', async () => {
  const file = journalOf(tempDir(), 'a');
  expect(await journal(file).load()).toEqual([]);
  writeFileSync(file, '{"quartet":"registry","version":1}\n');
  expect(await journal(file).load()).toEqual([]);
});

it('grows with what there is, not with what happened', async () => {
  const file = journalOf(tempDir(), 'a');
  const writer = journal(file);
  for (let n = 0; n < 60; n++) {
    const edits = Array.from({ length: 100 }, (_, i) => node(`n${i}`, String(n)));
    await writer.write(...edits);
  }
  expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(3_000);
  expect(await writer.load()).toHaveLength(100);
});

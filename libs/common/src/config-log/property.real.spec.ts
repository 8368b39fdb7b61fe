import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LogRig } from './log.rig.js';
import { type Operation, StateHash } from './index.js';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e').map((name) => `g/K/ns/${name}`);
const origin = fc.record({ file: fc.constantFrom('a.yaml', 'b.yaml'), line: fc.nat(1_000) });
const content = fc.string({ unit: 'grapheme', maxLength: 300 });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constant('put' as const), key, content, origin }),
  fc.record({ op: fc.constant('delete' as const), key }),
  fc.record({ op: fc.constant('origin' as const), key, origin }),
);
const commits = fc.array(fc.array(operation, { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 12,
});

let rig: LogRig;

beforeAll(async () => {
  rig = await LogRig.start();
});

afterAll(async () => {
  await rig.end();
});

/** Operations that fit: an origin needs its resource. */
function fitting(operations: readonly Operation[], has: (name: string) => boolean): Operation[] {
  const there = new Map<string, boolean>();
  return operations.filter(({ op, key: name }) => {
    const known = there.get(name) ?? has(name);
    if (op !== 'origin') there.set(name, op === 'put');
    return op !== 'origin' || known;
  });
}

describe('any sequence of commits', () => {
  it('gives readers, early and late, the state of the writer, and hashes as from scratch', async () => {
    const early = await rig.consumer();
    const galley = await rig.writer(undefined, { partBytes: 200, snapshotEvery: 7 });
    await fc.assert(
      fc.asyncProperty(commits, async (sequence) => {
        for (const operations of sequence) {
          const fits = fitting(operations, (name) => galley.state.resources.has(name));
          const commit = await galley.commit({ operations: fits, heldBack: [] });
          expect(commit.stateHash).toBe(StateHash.of(galley.state.resources).toString());
        }
        await early.reaches(galley.state);
        expect(new Map(early.reader.state.resources)).toEqual(new Map(galley.state.resources));
      }),
      { numRuns: 25 },
    );
    const late = await rig.consumer();
    await late.reaches(galley.state);
    expect(new Map(late.reader.state.resources)).toEqual(new Map(galley.state.resources));
  }, 60_000);
});

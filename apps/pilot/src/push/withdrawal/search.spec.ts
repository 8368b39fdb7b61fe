import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Search } from './search.js';

/** Plays a proxy that refuses as long as one of the culprits is in. Returns how often it was asked. */
function play(search: Search<number>, culprits: readonly number[], always = false): number {
  let answers = 0;
  for (; search.state === 'searching'; answers++) {
    const refuses = always || culprits.some((culprit) => !search.leftOut.includes(culprit));
    if (refuses) search.refused();
    else search.accepted();
  }
  return answers;
}

const suspects = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a search', () => {
  it('takes two answers where the first is to blame', () => {
    const search = new Search(suspects(1_000));
    expect(play(search, [0])).toBe(2);
    expect([search.state, search.leftOut]).toEqual(['found', [0]]);
  });

  it('brings the innocent back, whoever is to blame, and asks a bounded number of times', () => {
    const some = fc
      .integer({ min: 4, max: 300 })
      .chain((count) =>
        fc.tuple(fc.constant(count), fc.subarray(suspects(count), { minLength: 1, maxLength: 4 })),
      );
    fc.assert(
      fc.property(some, ([count, culprits]) => {
        const search = new Search(suspects(count));
        const bound = 2 + culprits.length * 2 * (1 + Math.ceil(Math.log2(count)));
        expect(play(search, culprits)).toBeLessThanOrEqual(bound);
        expect([search.state, [...search.leftOut].sort((a, b) => a - b)]).toEqual(['found', culprits]);
      }),
    );
  });

  it('leaves nobody out where nobody is to blame', () => {
    const search = new Search(suspects(9));
    expect(play(search, [], true)).toBe(6);
    expect([search.state, search.leftOut]).toEqual(['none', []]);
  });
});

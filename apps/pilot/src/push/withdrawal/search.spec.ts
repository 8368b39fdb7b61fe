import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Search } from './search.js';

/** Plays a proxy that refuses as long as one of the culprits is in. Returns how often it was asked. */
function play(search: Search, culprits: readonly string[], always = false): number {
  let answers = 0;
  for (; search.state === 'searching'; answers++) {
    const refuses = always || culprits.some((culprit) => !search.withdrawn.includes(culprit));
    if (refuses) search.refused();
    else search.accepted();
  }
  return answers;
}

describe('a search', () => {
  it('takes two answers where the first is to blame', () => {
    const search = new Search(['a', 'b', 'c']);
    expect(play(search, ['a'])).toBe(2);
    expect([search.state, search.withdrawn]).toEqual(['found', ['a']]);
  });

  it('brings the innocent back, whoever is to blame', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), (culprits) => {
        const search = new Search(names);
        expect(play(search, culprits)).toBeLessThanOrEqual(2 * names.length);
        expect([search.state, [...search.withdrawn].sort()]).toEqual(['found', culprits]);
      }),
    );
  });

  it('leaves nobody out where nobody is to blame', () => {
    const search = new Search(['a', 'b']);
    expect(play(search, [], true)).toBe(3);
    expect([search.state, search.withdrawn]).toEqual(['none', []]);
  });
});

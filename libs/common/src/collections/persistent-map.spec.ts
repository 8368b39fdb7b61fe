import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PersistentMap } from './persistent-map.js';

describe('PersistentMap', () => {
  // 'costarring'/'liquid' and 'declinate'/'macallums' are known collisions of 32-bit FNV-1a.
  const keys = fc.oneof(
    fc.constantFrom('costarring', 'liquid', 'declinate', 'macallums'),
    fc.string({ maxLength: 3 }),
  );
  const edits = fc.array(fc.tuple(keys, fc.option(fc.integer())), { maxLength: 200 });

  it('behaves as a Map, and leaves the map before an edit as it was', () => {
    fc.assert(
      fc.property(edits, (steps) => {
        const model = new Map<string, number>();
        let map = PersistentMap.empty<number>();
        for (const [key, value] of steps) {
          const before = map;
          const held = before.get(key);
          map = value === null ? map.delete(key) : map.set(key, value);
          if (value === null) model.delete(key);
          else model.set(key, value);
          expect(before.get(key)).toBe(held);
        }
        expect(map.size).toBe(model.size);
        expect(new Map(map)).toEqual(model);
        for (const [key, value] of model) expect(map.get(key)).toBe(value);
      }),
    );
  });

  it('iterates equal contents in the same order, however they came to be', () => {
    fc.assert(
      fc.property(edits, (steps) => {
        let map = PersistentMap.empty<number>();
        for (const [key, value] of steps) map = value === null ? map.delete(key) : map.set(key, value);
        const sorted = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
        expect([...PersistentMap.from(sorted)]).toEqual([...map]);
      }),
    );
  });

  it('returns itself where nothing changes', () => {
    const map = PersistentMap.from([['a', 1]]);
    expect(map.set('a', 1)).toBe(map);
    expect(map.delete('b')).toBe(map);
    expect(map.has('a')).toBe(true);
    expect([...map.keys()]).toEqual(['a']);
    expect([...map.values()]).toEqual([1]);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LayeredMap, LayeredSet } from './layered.js';

const key = fc.integer({ min: 0, max: 6 });
const edit = fc.oneof(
  fc.record({ op: fc.constant('set' as const), key, value: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ op: fc.constant('delete' as const), key, value: fc.constant(0) }),
);

describe('LayeredMap', () => {
  it('is what a Map of its own would be, after any edits', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.integer({ max: 3, min: 0 }))), fc.array(edit), (base, edits) => {
        const [common, plain] = [new Map(base), new Map(base)];
        const layered = new LayeredMap(common);
        for (const { op, key: of, value } of edits) {
          if (op === 'set') layered.set(of, value);
          else expect(layered.delete(of)).toBe(plain.has(of));
          if (op === 'set') plain.set(of, value);
          else plain.delete(of);
          expect([layered.size, layered.has(of), layered.get(of)]).toEqual([
            plain.size,
            plain.has(of),
            plain.get(of),
          ]);
        }
        expect(new Map(layered)).toEqual(plain);
        expect(common).toEqual(new Map(base));
      }),
    );
  });

  it('is worn once much of it differs, and new with another common part', () => {
    const layered = new LayeredMap(new Map([[-1, 0]]));
    for (let n = 0; n < 100; n++) layered.set(n, n);
    expect(layered.isWorn).toBe(true);
    const all = new Map(layered);
    layered.reset(all);
    expect([layered.isWorn, layered.size]).toEqual([false, 101]);
  });
});

describe('LayeredSet', () => {
  it('shares its members and keeps its own', () => {
    const common = new Map([['a', true as const]]);
    const [one, other] = [new LayeredSet(common), new LayeredSet(common)];
    one.add('b');
    one.delete('a');
    expect([[...one], [...other]]).toEqual([['b'], ['a']]);
  });
});

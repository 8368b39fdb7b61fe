import { describe, expect, it } from '@jest/globals';
import { RateLimit } from './rate-limit.js';

describe('RateLimit', () => {
  it('lets a burst through, then so many a second, for each key', () => {
    const limit = new RateLimit({ perSecond: 2, burst: 3 });
    const takes = (key: string, now: number, n: number) =>
      Array.from({ length: n }, () => limit.take(key, now));
    expect(takes('a', 0, 4)).toEqual([true, true, true, false]);
    expect(limit.take('b', 0)).toBe(true);
    expect(takes('a', 1_000, 3)).toEqual([true, true, false]);
    expect(takes('a', 60_000, 4)).toEqual([true, true, true, false]);
  });

  it('does not run backwards with the clock', () => {
    const limit = new RateLimit({ perSecond: 1, burst: 1 });
    expect(limit.take('a', 10_000)).toBe(true);
    expect(limit.take('a', 0)).toBe(false);
  });

  it('forgets the key that was quiet the longest', () => {
    const limit = new RateLimit({ perSecond: 0, burst: 1, maxKeys: 2 });
    for (const key of ['a', 'b', 'a', 'c']) limit.take(key, 0);
    expect(limit.take('a', 0)).toBe(false);
    expect(limit.take('b', 0)).toBe(true);
  });
});

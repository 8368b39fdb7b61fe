import { describe, expect, it } from '@jest/globals';
import { epochTime, isEpoch, mintEpoch } from './epoch.js';

describe('an epoch', () => {
  it('is a UUIDv7 of its time', () => {
    const epoch = mintEpoch(1_790_000_000_123);
    expect(isEpoch(epoch)).toBe(true);
    expect(epochTime(epoch)).toBe(1_790_000_000_123);
  });

  it('is larger than the one before, even where the clock went back', () => {
    let last = mintEpoch(1_790_000_000_000);
    for (const now of [1_790_000_000_000, 5, 1_790_000_000_001, 1_790_000_000_001]) {
      const next = mintEpoch(now, last);
      expect(next > last).toBe(true);
      last = next;
    }
  });

  it.each(['', 'x', 'ffffffff-ffff-7fff-bfff-ffffffffffff', '018f0000-0000-4000-8000-000000000000'])(
    'is not %j',
    (text) => {
      expect(isEpoch(text)).toBe(false);
    },
  );
});

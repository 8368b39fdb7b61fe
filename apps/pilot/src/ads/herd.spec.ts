import { describe, expect, it } from '@jest/globals';
import { Herd } from './herd.js';

describe('a herd', () => {
  it('is over once, when nobody has come or waited for a while', () => {
    const herd = new Herd();
    expect(herd.over(10_000)).toBe(0);
    herd.comes(0);
    herd.comes(500);
    expect(herd.over(2_000)).toBe(0);
    // Nobody new, but somebody still waits.
    herd.comes(2_000, 0);
    expect(herd.over(3_999)).toBe(0);
    expect(herd.over(4_000)).toBe(2);
    expect(herd.over(9_000)).toBe(0);
    herd.comes(9_000);
    expect(herd.over(11_000)).toBe(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import { leafValidity } from './lifetime.js';

const NOW = 1_800_000_000_000;
const POLICY = { defaultTtl: 86_400_000, maxTtl: 90 * 86_400_000 };
const FAR = NOW + 3650 * 86_400_000;

describe('leafValidity', () => {
  it.each([
    [0, 86_400],
    [-5, 86_400],
    [60, 60],
    [90 * 86_400, 90 * 86_400],
  ])('of a request for %d s is %d s, from two minutes ago', (asked, given) => {
    expect(leafValidity(asked, POLICY, FAR, NOW)).toEqual({
      notBefore: NOW - 120_000,
      notAfter: NOW + given * 1000,
    });
  });

  it.each([90 * 86_400 + 1, Number.MAX_SAFE_INTEGER, Infinity])('refuses %d s', (asked) => {
    expect(() => leafValidity(asked, POLICY, FAR, NOW)).toThrow('above the maximum of 7776000 s');
  });

  it('ends with the root at the latest', () => {
    expect(leafValidity(0, POLICY, NOW + 1_000, NOW).notAfter).toBe(NOW + 1_000);
  });
});

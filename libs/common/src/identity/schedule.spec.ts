import { describe, expect, it } from '@jest/globals';
import { renewalTime, retryDelay } from './schedule.js';

describe('renewalTime', () => {
  it.each([
    [0, 1_450],
    [0.5, 1_500],
    [1, 1_550],
  ])('with random %d is %d', (random, time) => {
    expect(renewalTime({ obtainedAt: 1_000, notAfter: 2_000 }, random)).toBe(time);
  });
});

describe('retryDelay', () => {
  it('doubles up to half a minute, of which the half is jitter', () => {
    expect([1, 2, 3, 7, 8, 9, 10_000].map((failures) => retryDelay(failures, 1))).toEqual([
      250, 500, 1_000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(retryDelay(3, 0)).toBe(500);
  });
});

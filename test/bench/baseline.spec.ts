import { describe, expect, it } from '@jest/globals';
import { compare, type Baseline } from './baseline.js';

const row = { change: 'endpoint', services: 10, proxies: 5, edits: 3, p99: 9, last: 9 } as const;
const run = (calibration: number, p50: number, cpu: number, bytesPerProxy = 100): Baseline => ({
  calibration,
  edits: [{ ...row, p50, cpu, bytesPerProxy }],
  connects: [],
});

describe('compare', () => {
  it('takes a slower machine into account', () => {
    expect(compare(run(60, 20, 20), run(30, 10, 10))).toEqual([]);
    expect(compare(run(90, 60, 60), run(30, 10, 10))).toEqual([]);
  });

  it('names each figure that is far above the baseline', () => {
    expect(compare(run(30, 31, 21, 130), run(30, 10, 10))).toEqual([
      'endpoint edit, 5 proxies, 10 services: p50 is 3.1 times its baseline',
      'endpoint edit, 5 proxies, 10 services: cpu is 2.1 times its baseline',
      'endpoint edit, 5 proxies, 10 services: 1.3 times the bytes of its baseline',
    ]);
  });

  it('leaves out what the baseline does not have', () => {
    expect(compare(run(30, 99, 99), { calibration: 30, edits: [], connects: [] })).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { compare, confirmed, excessText, type Baseline } from './baseline.js';
import { slope } from './growth.js';

const edit = { change: 'endpoint', services: 10, proxies: 5, reached: 5, edits: 3, p50: 9, p99: 9, last: 9 };
const connect = { proxies: 5, services: 10, seconds: 1, idle: 1 };
const run = (calibration: number, cpu: number, bytes = 100, memory = 1): Baseline => ({
  calibration,
  edits: [{ ...edit, logCpu: 1, cpu, bytesPerProxy: bytes }],
  connects: [{ ...connect, cpuSeconds: cpu, receivedMbPerProxy: bytes, mbPerProxy: memory }],
});

describe('compare', () => {
  it('takes a slower machine into account', () => {
    expect(compare(run(60, 20), run(30, 10))).toEqual([]);
    expect(compare(run(90, 59), run(30, 10))).toEqual([]);
  });

  it('names each figure that is far above the baseline', () => {
    expect(compare(run(30, 21, 130, 2), run(30, 10)).map(excessText)).toEqual([
      'endpoint edit, 5 proxies, 10 services: CPU is 2.1 times its baseline',
      'endpoint edit, 5 proxies, 10 services: bytes per proxy is 1.3 times its baseline',
      '5 proxies connect, 10 services: CPU is 2.1 times its baseline',
      '5 proxies connect, 10 services: bytes per proxy is 1.3 times its baseline',
      '5 proxies connect, 10 services: memory per proxy is 2.0 times its baseline',
    ]);
  });

  it('leaves out what the baseline does not have', () => {
    expect(compare(run(30, 99), { calibration: 30, edits: [], connects: [] })).toEqual([]);
  });
});

describe('confirmed', () => {
  it('leaves what is far above the baseline twice in a row', () => {
    const cpu = compare(run(30, 21), run(30, 10));
    expect(confirmed(cpu, compare(run(30, 22, 130), run(30, 10))).map(excessText)).toEqual([
      'endpoint edit, 5 proxies, 10 services: CPU is 2.2 times its baseline',
      '5 proxies connect, 10 services: CPU is 2.2 times its baseline',
    ]);
    expect(confirmed(cpu, compare(run(30, 10, 130), run(30, 10)))).toEqual([]);
  });
});

describe('slope', () => {
  it('is that of the line that fits', () => {
    expect(slope([1, 2, 3].map((x) => [x, 2 * x + 1]))).toBeCloseTo(2);
  });
});

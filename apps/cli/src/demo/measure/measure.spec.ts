import { describe, expect, it } from '@jest/globals';
import { until } from '#common/testing';
import { parsePrometheus } from './prometheus.js';
import { Prober } from './prober.js';
import { listeningSockets } from './sockets.js';
import { binomialBounds, median, percentile } from './statistics.js';

describe('percentile', () => {
  it('is a value that occurred, by nearest rank', () => {
    const values = [50, 15, 35, 20, 40];
    expect(median(values)).toBe(35);
    expect(percentile(values, 0.3)).toBe(20);
    expect(percentile(values, 0.99)).toBe(50);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe('binomialBounds', () => {
  it('is symmetric around the mean and stays within what is possible', () => {
    expect(binomialBounds(1000, 0.1)).toEqual({ low: 62, high: 138 });
    expect(binomialBounds(10, 0)).toEqual({ low: 0, high: 0 });
    expect(binomialBounds(10, 1)).toEqual({ low: 10, high: 10 });
  });
});

describe('parsePrometheus', () => {
  it('reads names, escaped labels and values', () => {
    const text = [
      '# HELP a_total Things.',
      '# TYPE a_total counter',
      'a_total{path="C:\\\\x",say="\\"hi\\"\\n"} 3',
      'b 1.5e3 1700000000000',
      'c_bucket{le="+Inf"} +Inf',
      'not a sample',
    ].join('\n');
    const samples = parsePrometheus(text);
    expect(samples.map(({ name, value }) => [name, value])).toEqual([
      ['a_total', 3],
      ['b', 1500],
      ['c_bucket', Infinity],
    ]);
    expect(Object.fromEntries(samples[0]?.labels ?? [])).toEqual({ path: 'C:\\x', say: '"hi"\n' });
  });
});

describe('Prober', () => {
  it('keeps its rate whatever the answers take, and counts failures', async () => {
    let calls = 0;
    const slow = async () => {
      const nth = ++calls;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { ok: nth !== 5, detail: 'fifth' };
    };
    const prober = new Prober(slow, 200);
    await until(() => calls >= 100);
    const result = await prober.stop();
    // Who waited for answers would come to 20 a second; a machine that stands still at the end takes some of the rate.
    expect(result.rate).toBeGreaterThan(40);
    expect(result.rate).toBeLessThanOrEqual(200);
    expect(result).toMatchObject({ failed: 1, failures: ['fifth'] });
    expect(result.answered).toBe(result.sent);
  });

  it('sends no more once what it sends beside has failed', async () => {
    let calls = 0;
    const prober = new Prober(() => Promise.resolve({ ok: ++calls > 0, detail: '' }), 200);
    const failing = prober.during(async () => {
      await until(() => calls > 0);
      throw new Error('the action');
    });
    await expect(failing).rejects.toThrow('the action');
    const sent = calls;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).toBe(sent);
  });
});

describe('listeningSockets', () => {
  it('reads addresses from the kernel table, IPv4 and IPv6', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0300007F:2378 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1',
      '   1: 0100007F:0016 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1',
      '   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4713 1',
    ].join('\n');
    expect(listeningSockets(table)).toEqual([
      { host: '127.0.0.3', port: 9080, inode: '4711' },
      { host: '::1', port: 80, inode: '4713' },
    ]);
  });
});

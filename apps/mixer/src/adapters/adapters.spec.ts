import { describe, expect, it } from '@jest/globals';
import { Deduplication } from './memquota/deduplication.js';
import { RollingWindow } from './memquota/rolling-window.js';
import { MAX_SERIES, MetricFamily } from './prometheus/family.js';
import type { MetricDefinition } from './prometheus/family.js';
import { prometheusParams } from './prometheus/params.js';
import { MetricRegistry } from './prometheus/registry.js';
import { codeName, codeOf, httpStatus } from './status.js';

describe('a rolling window', () => {
  it('gives back what is older than the window, a tenth of a second at a time', () => {
    const window = new RollingWindow(10, 1, 0);
    window.take(4, 0);
    window.take(6, 500);
    expect(window.remaining(900)).toBe(0);
    expect(window.remaining(1_000)).toBe(4);
    expect(window.remaining(1_499)).toBe(4);
    expect(window.remaining(1_500)).toBe(10);
    window.take(3, 1_500);
    expect(window.isIdle(60_000)).toBe(true);
  });

  it('rounds up to whole seconds, takes gifts back, and survives a clock that goes back', () => {
    const window = new RollingWindow(5, 1.2, 10_000);
    expect(window.size).toBe(20);
    window.take(5, 10_000);
    window.take(-2, 10_100);
    expect(window.remaining(9_000)).toBe(2);
    expect(window.remaining(11_900)).toBe(2);
    expect(window.remaining(12_000)).toBe(5);
  });
});

it('remembers answers for one to two durations', () => {
  const answers = new Deduplication<number>(1_000, 0);
  answers.remember('a', 1, 900);
  expect(answers.get('a', 1_500)).toBe(1);
  expect(answers.get('a', 2_600)).toBeUndefined();
  answers.remember('', 1, 2_600);
  expect(answers.get('', 2_600)).toBeUndefined();
});

describe('a metric', () => {
  const definition: MetricDefinition = {
    ...{ name: 'm', help: 'a "help"\n', kind: 'COUNTER', labelNames: ['a'], bounds: [], expiryDuration: 0 },
  };
  const page = (family: MetricFamily) => [...family.render()].join('');

  it('is written as Prometheus reads it', () => {
    const counter = new MetricFamily(definition);
    counter.record('k', ['x\\"\n'], 2, 0);
    counter.record('k', ['x\\"\n'], 0.5, 0);
    expect(page(counter)).toBe('# HELP m a "help"\\n\n# TYPE m counter\nm{a="x\\\\\\"\\n"} 2.5\n');
    const gauge = new MetricFamily({ ...definition, kind: 'GAUGE', labelNames: [] });
    gauge.record('', [], 2, 0);
    gauge.record('', [], 1, 0);
    expect(page(gauge)).toMatch(/\nm 1\n$/);
  });

  it('counts into buckets by upper bounds that are part of them', () => {
    const family = new MetricFamily({ ...definition, kind: 'DISTRIBUTION', bounds: [1, 10] });
    for (const value of [0, 1, 1.5, 10, 11]) family.record('k', ['x'], value, 0);
    expect(page(family).split('\n').slice(2, 7)).toEqual([
      ...['m_bucket{a="x",le="1"} 2', 'm_bucket{a="x",le="10"} 4', 'm_bucket{a="x",le="+Inf"} 5'],
      ...['m_sum{a="x"} 23.5', 'm_count{a="x"} 5'],
    ]);
  });

  it('has room for so many series, and says what it dropped', () => {
    const registry = new MetricRegistry();
    const family = registry.claim('h', { ...definition, expiryDuration: 1_000 });
    for (let i = 0; i < MAX_SERIES + 5; i++) family.record(String(i), [String(i)], 1, 0);
    expect([family.size, family.overflow]).toEqual([MAX_SERIES, 5]);
    family.record('new', ['new'], 1, 1_001);
    expect([family.size, family.overflow]).toEqual([1, 5]);
    expect(registry.render(1_001)).toMatch('mixer_prometheus_series_overflow_total{metric="m"} 5');
  });

  it('survives a handler built anew, and belongs to whoever came first', () => {
    const registry = new MetricRegistry();
    const family = registry.claim('h', definition);
    expect(registry.claim('h', { ...definition })).toBe(family);
    expect(() => registry.claim('other', { ...definition, labelNames: [] })).toThrow('defined otherwise');
    registry.release('h', family);
    expect(registry.claim('other', definition)).toBe(family);
    registry.release('h', family);
    registry.release('other', family);
    expect(registry.render(0)).toBe('');
  });
});

describe('prometheus parameters', () => {
  const first = (metric: object) =>
    prometheusParams({ metrics: [{ instance_name: 'i', ...metric }] }).params.metrics[0];

  it.each([
    [{ name: 'a/b.c d-e' }, { name: 'istio_a_b_c_de', kind: 'GAUGE' }],
    [{ name: 'a', namespace: 'shop' }, { name: 'shop_a' }],
    [{ name: 'a', labelNames: ['b', 'a'] }, { labelNames: ['a', 'b'] }],
    [
      { name: 'a', kind: 'DISTRIBUTION' },
      { bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
    ],
    [
      {
        name: 'a',
        kind: 'DISTRIBUTION',
        buckets: { linear_buckets: { num_finite_buckets: 2, width: 5, offset: 1 } },
      },
      { bounds: [1, 6, 11] },
    ],
    [
      {
        name: 'a',
        kind: 'DISTRIBUTION',
        buckets: { exponentialBuckets: { numFiniteBuckets: 3, scale: 1, growthFactor: 10 } },
      },
      { bounds: [1, 10, 100, 1000] },
    ],
  ])('%j', (metric, expected) => {
    expect(first(metric)).toMatchObject(expected);
  });

  it.each([
    [{ name: 'a b$' }, 'is no metric name'],
    [{ name: 'a', labelNames: ['1'] }, 'is no label name'],
    [{ name: 'a', kind: 'DISTRIBUTION', buckets: { explicit_buckets: { bounds: [2, 1] } } }, 'ascending'],
    [{ name: 'a', knd: 'COUNTER' }, 'unknown field knd'],
  ])('refuses %j', (metric, message) => {
    const { problems } = prometheusParams({ metrics: [{ instance_name: 'i', ...metric }] });
    expect(problems.map((problem) => problem.message).join()).toMatch(message);
  });
});

it.each([
  [7, 'PERMISSION_DENIED', 403],
  [8, 'RESOURCE_EXHAUSTED', 429],
  [9, 'FAILED_PRECONDITION', 400],
  [16, 'UNAUTHENTICATED', 401],
  [99, 'UNKNOWN', 500],
])('code %d is %s, HTTP %d', (code, name, http) => {
  expect([codeName(code), httpStatus(code)]).toEqual([name, http]);
  expect(codeOf(name)).toBe(code === 99 ? 2 : code);
});

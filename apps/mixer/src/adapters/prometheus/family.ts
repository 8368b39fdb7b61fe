/** Series of one metric. New ones beyond it are counted as overflow and dropped: labels come from strangers. */
export const MAX_SERIES = 20_000;
/** Longer label values are cut. */
const MAX_LABEL_LENGTH = 1024;

export type MetricKind = 'GAUGE' | 'COUNTER' | 'DISTRIBUTION';

export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  /** Sorted. */
  readonly labelNames: readonly string[];
  /** Upper bounds of a distribution's buckets. */
  readonly bounds: readonly number[];
  /** Milliseconds; 0: series are kept for ever. */
  readonly expiryDuration: number;
}

interface Series {
  /** `a="x",b="y"`, rendered once. */
  readonly labels: string;
  value: number;
  /** Of a distribution: how many values fell into each bucket, the last being +Inf. */
  readonly buckets: Float64Array;
  count: number;
  updated: number;
}

/** All series of one metric. */
export class MetricFamily {
  /** Values that were dropped for want of room. */
  overflow = 0;
  private readonly series = new Map<string, Series>();

  constructor(readonly definition: MetricDefinition) {}

  get size(): number {
    return this.series.size;
  }

  /**
   * Adds to a counter, sets a gauge, or counts a value into a distribution.
   *
   * @param key tells the label values apart from all others
   * @param values in the order of the definition's labels
   * @param now milliseconds
   */
  record(key: string, values: readonly string[], value: number, now: number): void {
    const series = this.series.get(key) ?? this.add(key, values, now);
    if (!series) {
      this.overflow++;
      return;
    }
    series.updated = now;
    if (this.definition.kind === 'DISTRIBUTION') observe(series, this.definition.bounds, value);
    else if (this.definition.kind === 'GAUGE') series.value = value;
    else series.value += value;
  }

  /** Forgets series that were not touched for the expiry duration. */
  expire(now: number): void {
    const { expiryDuration } = this.definition;
    if (expiryDuration === 0) return;
    for (const [key, { updated }] of this.series) if (now - updated > expiryDuration) this.series.delete(key);
  }

  /** Prometheus text format 0.0.4. */
  *render(): Iterable<string> {
    const { name, help, kind } = this.definition;
    yield `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`;
    yield `# TYPE ${name} ${kind === 'DISTRIBUTION' ? 'histogram' : kind.toLowerCase()}\n`;
    for (const series of this.series.values()) {
      if (kind === 'DISTRIBUTION') yield* renderDistribution(name, this.definition.bounds, series);
      else yield `${name}${braces(series.labels)} ${number(series.value)}\n`;
    }
  }

  private add(key: string, values: readonly string[], now: number): Series | undefined {
    if (this.series.size >= MAX_SERIES) this.expire(now);
    if (this.series.size >= MAX_SERIES) return undefined;
    const { labelNames, bounds, kind } = this.definition;
    const labels = labelNames.map((name, index) => `${name}="${escapeLabel(values[index] ?? '')}"`).join(',');
    const buckets = new Float64Array(kind === 'DISTRIBUTION' ? bounds.length + 1 : 0);
    const series: Series = { labels, value: 0, buckets, count: 0, updated: now };
    this.series.set(key, series);
    return series;
  }
}

function observe(series: Series, bounds: readonly number[], value: number): void {
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
  series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
  series.value += value;
  series.count++;
}

function* renderDistribution(name: string, bounds: readonly number[], series: Series): Iterable<string> {
  const separator = series.labels === '' ? '' : ',';
  let below = 0;
  for (const [index, count] of series.buckets.entries()) {
    below += count;
    const bound = index < bounds.length ? number(bounds[index] ?? 0) : '+Inf';
    yield `${name}_bucket{${series.labels}${separator}le="${bound}"} ${below}\n`;
  }
  yield `${name}_sum${braces(series.labels)} ${number(series.value)}\n`;
  yield `${name}_count${braces(series.labels)} ${series.count}\n`;
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function escapeLabel(value: string): string {
  const cut = value.length > MAX_LABEL_LENGTH ? value.slice(0, MAX_LABEL_LENGTH) : value;
  return cut.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

import { Params } from '../params.js';
import type { Validated } from '../adapter.js';
import { bucketBounds } from './buckets.js';
import type { MetricDefinition, MetricKind } from './registry.js';

export interface MetricParams extends MetricDefinition {
  /** The full name of the metric instance that feeds it. */
  readonly instanceName: string;
}

export interface PrometheusParams {
  readonly metrics: readonly MetricParams[];
}

const KINDS: readonly MetricKind[] = ['GAUGE', 'COUNTER', 'DISTRIBUTION'];
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function prometheusParams(value: unknown): Validated<PrometheusParams> {
  const params = new Params(value);
  const expiryDuration = readExpiry(params);
  const metrics = params.messages('metrics').map((metric) => readMetric(metric, expiryDuration));
  const names = metrics.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) !== index) params.problem(`metrics[${index}].name`, `${name} is defined twice`);
  }
  params.finish();
  return { params: { metrics }, problems: params.problems };
}

function readMetric(params: Params, expiryDuration: number): MetricParams {
  const instanceName = params.text('instanceName');
  if (instanceName === '') params.problem('instanceName', 'is required');
  const name = sanitize(`${params.text('namespace', 'istio')}_${params.text('name', instanceName)}`);
  if (!METRIC_NAME.test(name)) params.problem('name', `${JSON.stringify(name)} is no metric name`);
  const kind = params.has('kind') ? params.oneOf('kind', 'GAUGE', KINDS) : 'GAUGE';
  const labelNames = params.texts('labelNames').map(sanitize);
  for (const label of labelNames) {
    if (!LABEL_NAME.test(label)) params.problem('labelNames', `${JSON.stringify(label)} is no label name`);
  }
  const bounds = kind === 'DISTRIBUTION' ? bucketBounds(params.message('buckets')) : [];
  params.raw('buckets');
  const help = params.text('description', instanceName);
  params.finish();
  return { instanceName, name, help, kind, labelNames: [...labelNames].sort(), bounds, expiryDuration };
}

/** Milliseconds after which a series that was not touched goes; 0 for never. */
function readExpiry(params: Params): number {
  const policy = params.message('metricsExpirationPolicy');
  const duration = policy.duration('metricsExpiryDuration', 0);
  // Series are looked through at each scrape, and when there is no more room: no interval of its own is needed.
  policy.duration('expiryCheckIntervalDuration', duration / 2);
  policy.finish();
  return duration;
}

/** As Mixer made names that Prometheus takes. */
function sanitize(name: string): string {
  return name.replace(/[/. ]/g, '_').replaceAll('-', '');
}

import type { Value } from '#expressions';
import { Duration, formatValue } from '#expressions';
import type { Dimensions, DimensionSet } from '../../templates/dimensions.js';
import type { MetricInstance, ReportInstance } from '../../templates/instances.js';
import type { Adapter, AdapterEnvironment, Handler } from '../adapter.js';
import type { MetricFamily } from './family.js';
import { prometheusParams } from './params.js';
import type { MetricParams, PrometheusParams } from './params.js';

/** Metrics for Prometheus to scrape. @see https://archive.istio.io/v1.4/docs/reference/config/policy-and-telemetry/adapters/prometheus/ */
export const prometheus: Adapter<PrometheusParams> = {
  name: 'prometheus',
  templates: new Set(['metric']),
  validate: prometheusParams,
  validateInstance(params, { fqn, name }) {
    return metricFor(params.metrics, fqn, name) ? undefined : `no metric of the handler is fed by ${fqn}`;
  },
  build(params, environment, name): Handler {
    return new PrometheusHandler(params, environment, name);
  },
};

interface Metric {
  readonly family: MetricFamily;
  /** Metrics with the same labels share one object, so that their keys are made once per request. */
  readonly labels: Labels;
}

class PrometheusHandler implements Handler {
  private readonly metrics = new Map<string, Metric>();

  constructor(
    private readonly params: PrometheusParams,
    private readonly environment: AdapterEnvironment,
    private readonly name: string,
  ) {
    const shared = new Map<string, Labels>();
    for (const metric of params.metrics) {
      const layout = metric.labelNames.join(',');
      const labels = shared.get(layout) ?? new Labels(metric.labelNames);
      shared.set(layout, labels);
      this.metrics.set(metric.instanceName, { family: this.claim(metric), labels });
    }
  }

  /** One that cannot be recorded does not keep the others from it. */
  report(instances: readonly ReportInstance[]): void {
    const now = this.environment.now();
    const errors: string[] = [];
    for (const instance of instances) {
      if (instance.template !== 'metric') continue;
      const error = this.record(instance, now);
      if (error !== undefined) errors.push(error);
    }
    if (errors.length > 0)
      throw new Error(`${errors.length} of ${instances.length} metrics failed: ${errors[0]}`);
  }

  close(): void {
    for (const { family } of this.metrics.values()) this.environment.metrics.release(this.name, family);
  }

  private record(instance: MetricInstance, now: number): string | undefined {
    const metric = this.metrics.get(instance.name) ?? this.adopt(instance.name);
    if (!metric) return `no metric is fed by ${instance.name}`;
    const value = measured(instance.value);
    if (value === undefined) return `${instance.name}: ${formatValue(instance.value)} is no number`;
    const { key, values } = metric.labels.of(instance.dimensions);
    metric.family.record(key, values, value, now);
    return undefined;
  }

  /** A metric may be configured by the short name of its instance; found once, then known by the full one. */
  private adopt(fqn: string): Metric | undefined {
    const params = metricFor(this.params.metrics, fqn, fqn.split('.')[0] ?? fqn);
    const metric = params && this.metrics.get(params.instanceName);
    if (metric) this.metrics.set(fqn, metric);
    return metric;
  }

  private claim(metric: MetricParams): MetricFamily {
    const { instanceName: _fedBy, ...definition } = metric;
    return this.environment.metrics.claim(this.name, definition);
  }
}

/** Picks a metric's label values out of an instance's dimensions. */
class Labels {
  private readonly positions = new Map<DimensionSet, readonly number[]>();
  private last: { dimensions: Dimensions; key: string; values: readonly string[] } | undefined;

  constructor(private readonly names: readonly string[]) {}

  of(dimensions: Dimensions): { readonly key: string; readonly values: readonly string[] } {
    if (this.last?.dimensions === dimensions) return this.last;
    const values: string[] = [];
    for (const position of this.positionsIn(dimensions.set)) {
      const value = dimensions.values[position];
      values.push(typeof value === 'string' ? value : value === undefined ? '' : formatValue(value));
    }
    // No value that HTTP or TLS carries holds a NUL, so no two lists of labels give the same key.
    this.last = { dimensions, key: values.join('\0'), values };
    return this.last;
  }

  private positionsIn(set: DimensionSet): readonly number[] {
    let positions = this.positions.get(set);
    if (!positions) {
      // Each config brings sets of its own; those of configs gone by are forgotten together.
      if (this.positions.size >= 1000) this.positions.clear();
      this.positions.set(set, (positions = this.names.map((name) => set.names.indexOf(name))));
    }
    return positions;
  }
}

function metricFor(metrics: readonly MetricParams[], fqn: string, name: string): MetricParams | undefined {
  return (
    metrics.find((metric) => metric.instanceName === fqn) ??
    metrics.find((metric) => metric.instanceName === name)
  );
}

/** Durations in seconds, as Prometheus counts; texts where they are numbers. */
function measured(value: Value): number | undefined {
  const number =
    value instanceof Duration ? value.seconds : typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && !Number.isNaN(number) ? number : undefined;
}

import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Logger } from '#common/service';
import type { DispatchObserver } from '../dispatch/dispatcher.js';
import type { RunningHandler } from '../routing/handler-table.js';
import type { Variety } from '../templates/index.js';

const SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const COUNTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20];
const LABELS = ['meshFunction', 'handler', 'adapter', 'error'] as const;
/** The same complaint is logged at most this often; a broken handler would fail with every request. */
const LOG_INTERVAL_SECONDS = 10;
const MAX_REMEMBERED_MESSAGES = 1000;

/** What Mixer says about its dispatching, by the original's names; and its log, held back where it repeats itself. */
export class DispatchMetrics implements DispatchObserver {
  private readonly dispatches: Counter<(typeof LABELS)[number]>;
  private readonly durations: Histogram<(typeof LABELS)[number]>;
  private readonly destinations: Histogram;
  private readonly instances: Histogram;
  private readonly varieties: Counter<'variety'>;
  private readonly logged = new Map<string, number>();

  constructor(
    registry: Registry,
    private readonly logger: Logger,
  ) {
    const registers = [registry];
    const labelNames = LABELS;
    this.dispatches = new Counter({
      ...{ name: 'mixer_runtime_dispatches_total', help: 'Calls of handlers.' },
      ...{ labelNames, registers },
    });
    this.durations = new Histogram({
      ...{ name: 'mixer_runtime_dispatch_duration_seconds', help: 'How long calls of handlers took.' },
      ...{ labelNames, registers, buckets: SECONDS },
    });
    this.destinations = new Histogram({
      ...{
        name: 'mixer_dispatcher_destinations_per_request',
        help: 'Handlers that a request was routed to.',
      },
      ...{ registers, buckets: COUNTS },
    });
    this.instances = new Histogram({
      ...{ name: 'mixer_dispatcher_instances_per_request', help: 'Instances that were made for a request.' },
      ...{ registers, buckets: COUNTS },
    });
    this.varieties = new Counter({
      ...{ name: 'mixer_dispatcher_destinations_per_variety_total', help: 'Destinations by variety.' },
      ...{ labelNames: ['variety'] as const, registers },
    });
  }

  elapsed(): number {
    return performance.now() / 1000;
  }

  dispatched(variety: Variety, { fqn, adapter }: RunningHandler, seconds: number, failed: boolean): void {
    const labels = { meshFunction: variety, handler: fqn, adapter, error: String(failed) };
    this.dispatches.inc(labels);
    this.durations.observe(labels, seconds);
  }

  routed(variety: Variety, destinations: number, instances: number): void {
    this.destinations.observe(destinations);
    this.instances.observe(instances);
    if (destinations > 0) this.varieties.inc({ variety }, destinations);
  }

  log(level: 'warn' | 'error', fields: Readonly<Record<string, unknown>>, message: string): void {
    const key = `${message} ${String(fields['handler'] ?? fields['quota'] ?? '')}`;
    const now = this.elapsed();
    if (now - (this.logged.get(key) ?? -Infinity) < LOG_INTERVAL_SECONDS) return;
    if (this.logged.size >= MAX_REMEMBERED_MESSAGES) this.logged.clear();
    this.logged.set(key, now);
    this.logger[level](fields, message);
  }
}

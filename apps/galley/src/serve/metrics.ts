import type { Commit } from '#common/config-log';
import { splitKey } from '#config';
import type { Diagnostic } from '#config';
import { Counter, Gauge } from 'prom-client';

/** Galley's own metrics, under the names that Istio gave them. */
export class GalleyMetrics {
  private readonly events = new Counter({
    name: 'galley_runtime_processor_events_processed_total',
    help: 'Operations on resources that were committed.',
  });
  private readonly published = new Counter({
    name: 'galley_runtime_processor_snapshots_published_total',
    help: 'Commits to the config log.',
  });
  private readonly passed = new Counter({
    name: 'galley_validation_passed',
    help: 'Resources that were accepted.',
    labelNames: ['group', 'resource'],
  });
  private readonly heldBack = new Counter({
    name: 'galley_validation_failed',
    help: 'Resources that a commit left at their last good version, by the code of the reason.',
    labelNames: ['group', 'resource', 'reason'],
  });

  /** `diagnostics` and `instances` are asked when somebody reads the metrics. */
  constructor(diagnostics: () => readonly Diagnostic[], instances: () => ReadonlyMap<string, number>) {
    new Gauge({
      name: 'galley_runtime_state_type_instances_total',
      help: 'Accepted resources by kind.',
      labelNames: ['collection'],
      collect() {
        this.reset();
        for (const [collection, count] of instances()) this.set({ collection }, count);
      },
    });
    new Gauge({
      name: 'galley_diagnostics',
      help: 'Diagnostics that hold at this moment, by code.',
      labelNames: ['code', 'level'],
      collect() {
        this.reset();
        for (const { code, level } of diagnostics()) this.inc({ code, level });
      },
    });
  }

  committed(commit: Commit): void {
    this.published.inc();
    this.events.inc(commit.operations.length);
    for (const operation of commit.operations) {
      const { group, kind } = splitKey(operation.key);
      if (operation.op === 'put') this.passed.inc({ group, resource: kind });
    }
    for (const { key, code } of commit.heldBack) {
      const { group, kind } = splitKey(key);
      this.heldBack.inc({ group, resource: kind, reason: code });
    }
  }
}

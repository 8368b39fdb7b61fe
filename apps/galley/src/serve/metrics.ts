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

  private readonly verdicts = new Counter({
    name: 'galley_admission_verdicts_total',
    help: 'Objects that the API server asked about, by whether they were allowed.',
    labelNames: ['allowed'],
  });
  private readonly httpErrors = new Counter({
    name: 'galley_validation_http_error',
    help: 'Admission requests that were no requests, or could not be answered.',
    labelNames: ['status'],
  });
  private readonly registrations = new Counter({
    name: 'galley_validation_config_updates',
    help: 'Changes of the ValidatingWebhookConfiguration.',
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

  judged({ allowed }: { readonly allowed: boolean }): void {
    this.verdicts.inc({ allowed: String(allowed) });
  }

  failed(status: number): void {
    this.httpErrors.inc({ status });
  }

  registered(): void {
    this.registrations.inc();
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

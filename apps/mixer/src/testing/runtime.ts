import { MetricRegistry } from '../adapters/index.js';
import type { AdapterEnvironment } from '../adapters/index.js';
import type { DispatchObserver } from '../dispatch/dispatcher.js';
import { ConfigStore } from '../ingest/config-store.js';
import { applyConfig } from '../pipeline.js';
import type { Runtime } from '../routing/runtime.js';
import { configChange } from './config.js';

/** A Mixer's pure part, with a clock that is set by hand. */
export class TestRuntime {
  now = 1_000_000;
  runtime: Runtime | undefined;
  readonly lines: string[] = [];
  readonly complaints: string[] = [];
  readonly metrics = new MetricRegistry();
  private readonly store = new ConfigStore();

  get current(): Runtime {
    if (!this.runtime) throw new Error('no runtime');
    return this.runtime;
  }

  /** Replaces the config. */
  use(files: Readonly<Record<string, string>> | string): void {
    const touched = this.store.apply(
      configChange(typeof files === 'string' ? { 'config.yaml': files } : files),
    );
    const { policy, workloads } = this.store;
    this.runtime = applyConfig({ policy, workloads, touched }, this.runtime, this.environment);
  }

  readonly observer: DispatchObserver = {
    elapsed: () => 0,
    dispatched: () => undefined,
    routed: () => undefined,
    log: (_level, _fields, message) => void this.complaints.push(message),
  };

  private readonly environment: AdapterEnvironment = {
    now: () => this.now,
    log: () => undefined,
    writeLine: (_target, line) => void this.lines.push(line),
    fetchText: () => Promise.reject(new Error('no network in unit tests')),
    workloads: () => this.current.snapshot.workloads,
    metrics: this.metrics,
  };

  constructor(files: Readonly<Record<string, string>> | string) {
    this.use(files);
  }
}

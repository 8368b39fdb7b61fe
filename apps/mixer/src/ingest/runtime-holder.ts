import type { ConfigChange } from '#common/config-log';
import type { Logger } from '#common/service';
import type { AdapterEnvironment } from '../adapters/index.js';
import { applyConfig } from '../pipeline.js';
import { closeHandlers, NO_HANDLERS } from '../routing/handler-table.js';
import type { Runtime } from '../routing/runtime.js';
import { ConfigStore } from './config-store.js';
import type { ConfigMetrics } from './config-metrics.js';

export interface RuntimeHolderOptions {
  readonly environment: Omit<AdapterEnvironment, 'workloads'>;
  readonly log: Logger;
  readonly metrics: ConfigMetrics;
}

/** The runtime in force. Requests take it once and keep it to their end; a change replaces it as one value. */
export class RuntimeHolder {
  private readonly store = new ConfigStore();
  private runtime: Runtime | undefined;
  private revision = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly options: RuntimeHolderOptions) {}

  /** Undefined until the first config has come. */
  current(): Runtime | undefined {
    return this.runtime;
  }

  /** The revision of the config log that the runtime was made from. */
  get configRevision(): number {
    return this.revision;
  }

  /** Resolves once there is a runtime. */
  whenReady(): Promise<Runtime> {
    if (this.runtime) return Promise.resolve(this.runtime);
    return new Promise((resolve) => this.waiting.push(() => this.runtime && resolve(this.runtime)));
  }

  /** Takes a change of the config. */
  update(change: ConfigChange): void {
    this.revision = change.kind === 'commit' ? change.commit.revision : change.state.revision;
    const touched = this.store.apply(change);
    if (this.runtime && !touched.policy && !touched.workloads) return;
    const { policy, workloads } = this.store;
    const workloadsInForce = () => this.directory();
    const environment = { ...this.options.environment, workloads: workloadsInForce };
    const previous = this.runtime;
    this.runtime = applyConfig({ policy, workloads, touched }, previous, environment);
    this.report(this.runtime, previous);
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Ends all handlers. */
  close(): void {
    if (this.runtime) closeHandlers(this.runtime.handlers, NO_HANDLERS);
  }

  private directory(): Runtime['snapshot']['workloads'] {
    if (!this.runtime) throw new Error('no config has been received');
    return this.runtime.snapshot.workloads;
  }

  private report(runtime: Runtime, previous: Runtime | undefined): void {
    const { log, metrics } = this.options;
    if (runtime.handlers === previous?.handlers) return;
    const { closed, failures } = closeHandlers(previous?.handlers ?? NO_HANDLERS, runtime.handlers);
    for (const error of failures) log.error({ err: error }, 'a handler did not close');
    metrics.record(runtime, { closed, closeFailures: failures.length });
    for (const { code, level, message, path, origin, resource } of runtime.snapshot.diagnostics) {
      log.warn({ code, level, path, file: origin.file, line: origin.line, resource }, message);
    }
    for (const [config, reason] of runtime.handlers.failed)
      log.error({ handler: config.fqn, reason }, 'no handler');
    const { rules, handlers, instances } = runtime.snapshot;
    const counts = { rules: rules.length, handlers: handlers.size, instances: instances.size };
    log.info({ revision: this.revision, ...counts }, 'the config is in force');
  }
}

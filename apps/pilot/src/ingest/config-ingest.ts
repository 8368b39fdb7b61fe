import type { ConfigChange, ConfigLogReader } from '#common/config-log';
import type { Logger } from '#common/logger';
import type { Readiness } from '#common/service';
import type { PilotMetrics } from '../ads/metrics.js';
import type { Pipeline } from '../pipeline.js';

export interface ConfigIngestOptions {
  readonly reader: ConfigLogReader;
  readonly pipeline: Pipeline;
  readonly readiness: Readiness;
  readonly metrics: PilotMetrics;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Feeds the pipeline from the config log: first with the saved state, then with what the log says. */
export class ConfigIngest {
  /** The state is the saved one: the log has not been seen since the start. */
  stale = true;

  constructor(private readonly options: ConfigIngestOptions) {
    options.readiness.expect('config', 'waiting for the first state of the config log');
  }

  start(): Promise<void> {
    return this.options.reader.start((change) => this.take(change));
  }

  stop(): Promise<void> {
    return this.options.reader.stop();
  }

  private take(change: ConfigChange): void {
    const { pipeline, readiness, metrics, logger, now } = this.options;
    // A log that nobody has ever written to says nothing about the mesh; it does not say that the mesh is empty.
    if (isNothing(change)) return;
    this.stale = change.kind === 'reset' && change.stale;
    metrics.inbound(change.kind === 'commit' ? 'config' : 'reset');
    const { diagnostics, concerned } = pipeline.take(change, now());
    const revision = change.kind === 'commit' ? change.commit.revision : change.state.revision;
    const { stale } = this;
    readiness.set('config', true, stale ? `saved state, revision ${revision}` : `revision ${revision}`);
    for (const diagnostic of diagnostics) logger.warn({ diagnostic }, 'config that cannot be used');
    logger.debug({ revision, stale, proxies: concerned.size }, 'took a change in');
  }
}

function isNothing(change: ConfigChange): boolean {
  return change.kind === 'reset' && change.state.revision === 0 && change.state.resources.size === 0;
}

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

/**
 * How long the saved state waits for the log, in milliseconds. A proxy that comes back may hold newer config than this
 * Pilot saved, and is not to go back to the older for a moment; where the log is away, the older is what there is.
 */
const LOG_GRACE_MS = 2_000;

/** Feeds the pipeline from the config log: with what the log says or, while it is away, with the saved state. */
export class ConfigIngest {
  /** The state is the saved one: the log has not been seen since the start. */
  stale = true;
  private grace: NodeJS.Timeout | undefined;
  private started = false;

  constructor(private readonly options: ConfigIngestOptions) {
    options.readiness.expect('config', 'waiting for the first state of the config log');
  }

  start(): Promise<void> {
    return this.options.reader.start((change) => this.receive(change));
  }

  stop(): Promise<void> {
    clearTimeout(this.grace);
    return this.options.reader.stop();
  }

  private receive(change: ConfigChange): void {
    // A log that nobody has ever written to says nothing about the mesh; it does not say that the mesh is empty.
    if (isNothing(change)) return;
    clearTimeout(this.grace);
    if (this.started || !isStale(change)) return this.take(change);
    this.options.readiness.set('config', false, 'saved state: looking for the config log');
    this.grace = setTimeout(() => this.take(change), LOG_GRACE_MS);
  }

  private take(change: ConfigChange): void {
    const { pipeline, readiness, metrics, logger, now } = this.options;
    this.started = true;
    this.stale = isStale(change);
    metrics.inbound(change.kind === 'commit' ? 'config' : 'reset');
    const { diagnostics, concerned } = pipeline.take(change, now());
    const revision = change.kind === 'commit' ? change.commit.revision : change.state.revision;
    const { stale } = this;
    readiness.set('config', true, stale ? `saved state, revision ${revision}` : `revision ${revision}`);
    const errors = diagnostics.filter(({ level }) => level === 'Error');
    if (errors.length > 0) metrics.rejectedConfig(errors.length);
    for (const diagnostic of diagnostics) logger.warn({ diagnostic }, 'config that cannot be used');
    logger.debug({ revision, stale, proxies: concerned.size }, 'took a change in');
  }
}

function isStale(change: ConfigChange): boolean {
  return change.kind === 'reset' && change.stale;
}

function isNothing(change: ConfigChange): boolean {
  return change.kind === 'reset' && change.state.revision === 0 && change.state.resources.size === 0;
}

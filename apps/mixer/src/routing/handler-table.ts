import type { AdapterEnvironment, Handler } from '../adapters/adapter.js';
import type { HandlerConfig } from '../config/handlers.js';
import type { ConfigSnapshot } from '../config/snapshot.js';

/** A handler at work. */
export interface RunningHandler {
  readonly fqn: string;
  readonly adapter: string;
  readonly signature: string;
  readonly handler: Handler;
}

/** The handlers that rules use, by full name, and what became of those before them. */
export interface HandlerTable {
  readonly running: ReadonlyMap<string, RunningHandler>;
  readonly built: number;
  readonly reused: number;
  /** Handlers that could not start, with the reason. */
  readonly failed: ReadonlyMap<HandlerConfig, string>;
}

export const NO_HANDLERS: HandlerTable = { running: new Map(), built: 0, reused: 0, failed: new Map() };

/**
 * Builds the handlers that some rule refers to. One whose adapter and parameters did not change stays as it is, with
 * its counters and quota cells; which instances are sent to it may change all the same.
 */
export function buildHandlers(
  snapshot: ConfigSnapshot,
  previous: HandlerTable,
  environment: AdapterEnvironment,
): HandlerTable {
  const running = new Map<string, RunningHandler>();
  const failed = new Map<HandlerConfig, string>();
  let reused = 0;
  for (const config of usedHandlers(snapshot)) {
    const before = previous.running.get(config.fqn);
    if (before?.signature === config.signature) {
      running.set(config.fqn, before);
      reused++;
      continue;
    }
    const built = start(config, before, environment);
    if (typeof built === 'string') failed.set(config, built);
    else running.set(config.fqn, built);
  }
  return { running, built: running.size - reused, reused, failed };
}

/** Ends the handlers of a table that the next one does without; how many, and what some of them had to say. */
export function closeHandlers(
  table: HandlerTable,
  next: HandlerTable,
): { closed: number; failures: unknown[] } {
  const failures: unknown[] = [];
  let closed = 0;
  for (const [fqn, handler] of table.running) {
    if (next.running.get(fqn) === handler) continue;
    closed++;
    try {
      handler.handler.close?.();
    } catch (error) {
      failures.push(error);
    }
  }
  return { closed, failures };
}

function usedHandlers(snapshot: ConfigSnapshot): ReadonlySet<HandlerConfig> {
  return new Set(snapshot.rules.flatMap((rule) => rule.actions.map((action) => action.handler)));
}

function start(
  config: HandlerConfig,
  before: RunningHandler | undefined,
  environment: AdapterEnvironment,
): RunningHandler | string {
  const { fqn, adapter, params, signature } = config;
  const previous = before?.adapter === adapter.name ? before.handler : undefined;
  try {
    return {
      fqn,
      adapter: adapter.name,
      signature,
      handler: adapter.build(params, environment, fqn, previous),
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

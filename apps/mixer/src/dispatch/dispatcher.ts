import type { AttributeBag } from '#expressions';
import type { Failure } from '#expressions';
import type { InstanceConfig } from '../config/instances.js';
import type { RunningHandler } from '../routing/handler-table.js';
import type { Destination } from '../routing/table.js';
import type { CompiledExpression } from '#expressions';
import type { Variety } from '../templates/index.js';

/** What handling a request does beside its answer. */
export interface DispatchObserver {
  /** Seconds, on a clock that only goes forward. */
  elapsed(): number;
  dispatched(variety: Variety, handler: RunningHandler, seconds: number, failed: boolean): void;
  /** Once for each request. */
  routed(variety: Variety, destinations: number, instances: number): void;
  log(level: 'warn' | 'error', fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** A call of a handler that threw, or an instance that could not be made. */
export class DispatchError {
  constructor(readonly message: string) {}
}

/**
 * The namespace whose rules hold for a request: that of the side which reports it. A request that no proxy speaks for
 * has the default namespace's rules alone.
 */
export function requestNamespace(bag: AttributeBag): string {
  const kind = bag.get('context.reporter.kind') ?? 'inbound';
  if (kind === 'inbound') return String(bag.get('destination.namespace') ?? '');
  return kind === 'outbound' ? String(bag.get('source.namespace') ?? '') : '';
}

/** Whether a condition holds. One that cannot be evaluated does not. */
export function holds(match: CompiledExpression | undefined, bag: AttributeBag): boolean {
  return match === undefined || match.evaluate(bag) === true;
}

/** The instances that a destination is to be given for a request. */
export function* matchingInstances(destination: Destination, bag: AttributeBag): Iterable<InstanceConfig> {
  for (const { match, instances } of destination.groups) if (holds(match, bag)) yield* instances;
}

/** Calls a handler; whatever it throws is an error of this one call. */
export function call<T>(
  variety: Variety,
  handler: RunningHandler,
  observer: DispatchObserver,
  run: () => T,
): T | DispatchError {
  const start = observer.elapsed();
  try {
    const result = run();
    observer.dispatched(variety, handler, observer.elapsed() - start, false);
    return result;
  } catch (error) {
    observer.dispatched(variety, handler, observer.elapsed() - start, true);
    const message = `${handler.fqn}: ${error instanceof Error ? error.message : String(error)}`;
    observer.log('warn', { handler: handler.fqn, variety, err: error }, 'a handler failed');
    return new DispatchError(message);
  }
}

/** Why an instance could not be made. */
export function instanceError(instance: InstanceConfig, failure: Failure): DispatchError {
  return new DispatchError(`${instance.fqn}: ${failure.message}`);
}

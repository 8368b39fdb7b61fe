import type { AdapterEnvironment } from '../adapters/adapter.js';
import type { ConfigSnapshot } from '../config/snapshot.js';
import { buildHandlers, NO_HANDLERS } from './handler-table.js';
import type { HandlerTable } from './handler-table.js';
import { RoutingTable } from './table.js';

/** All that a request is handled with: one value, swapped whole. A request keeps the one that it began with. */
export interface Runtime {
  readonly snapshot: ConfigSnapshot;
  readonly handlers: HandlerTable;
  readonly table: RoutingTable;
}

/** What follows on a runtime (none at the start) with a new config. The old one goes on working until it is let go. */
export function nextRuntime(
  snapshot: ConfigSnapshot,
  previous: Runtime | undefined,
  environment: AdapterEnvironment,
): Runtime {
  const handlers = buildHandlers(snapshot, previous?.handlers ?? NO_HANDLERS, environment);
  return { snapshot, handlers, table: RoutingTable.of(snapshot.rules, handlers) };
}

import type { GatewayTable } from '../model/gateways.js';
import type { PortUse, ServiceSummary } from './view.js';

/** What is the same for many proxies: found once per world, however many ask. */
export interface Seen {
  /** What a namespace sees through a scope. */
  readonly services: Map<string, readonly ServiceSummary[]>;
  readonly onPort: Map<string, readonly PortUse[]>;
  readonly gateways: Map<string, GatewayTable>;
}

export function nothingSeen(): Seen {
  return { services: new Map(), onPort: new Map(), gateways: new Map() };
}

/** The value kept under `key`, made where there is none. */
export function once<T>(kept: Map<string, T>, key: string, make: () => T): T {
  let value = kept.get(key);
  if (value === undefined) kept.set(key, (value = make()));
  return value;
}

import type { Handler as HandlerSpec } from '#config';
import { canonicalJson } from '#config';
import type { Adapter } from '../adapters/adapter.js';
import type { ConfigEntries, ConfigEntry } from './entries.js';
import { entriesOfKind, fullName } from './entries.js';
import type { Findings } from './findings.js';
import { FINDING } from './findings.js';

/** A handler whose parameters are valid. */
export interface HandlerConfig {
  readonly fqn: string;
  readonly adapter: Adapter;
  /** What the adapter made of `spec.params`. */
  readonly params: never;
  /** Equal for handlers that would be built alike: what tells whether one can stay as it is. */
  readonly signature: string;
  readonly entry: ConfigEntry;
}

/** All usable handlers by full name, those of legacy kinds (`kind: denier`) included. */
export function resolveHandlers(
  entries: ConfigEntries,
  adapters: ReadonlyMap<string, Adapter>,
  findings: Findings,
): ReadonlyMap<string, HandlerConfig> {
  const handlers = new Map<string, HandlerConfig>();
  const add = (entry: ConfigEntry, adapter: Adapter, params: unknown) => {
    const handler = validated(entry, adapter, params, findings);
    if (handler) handlers.set(handler.fqn, handler);
  };
  for (const entry of entriesOfKind<HandlerSpec>(entries, 'handler')) {
    const name = entry.resource.spec.compiledAdapter ?? '';
    const adapter = adapters.get(name);
    if (adapter) add(entry, adapter, entry.resource.spec.params);
    else
      findings.error(
        FINDING.UNKNOWN_REFERENCE,
        entry,
        'spec.compiledAdapter',
        `no adapter is named ${quoted(name)}`,
      );
  }
  for (const adapter of adapters.values()) {
    for (const entry of entriesOfKind(entries, adapter.name)) add(entry, adapter, entry.resource.spec);
  }
  return handlers;
}

function validated(
  entry: ConfigEntry,
  adapter: Adapter,
  value: unknown,
  findings: Findings,
): HandlerConfig | undefined {
  const { params, problems } = adapter.validate(value);
  for (const { path, message } of problems) findings.error(FINDING.INVALID, entry, path, message);
  if (problems.length > 0) return undefined;
  const signature = canonicalJson([adapter.name, value ?? null]);
  return { fqn: fullName(entry.resource), adapter, params, signature, entry };
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

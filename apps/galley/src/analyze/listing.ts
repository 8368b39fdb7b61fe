import { decodeContent, documentKey, splitKey } from '#config';
import type { Diagnostic, ResourceKey } from '#config';
import type { Snapshot } from '../snapshot/snapshot.js';
import { accepted } from '../snapshot/snapshot.js';
import { splitUnit } from '../snapshot/units.js';
import type { Unit } from '../snapshot/units.js';
import { place, standingOf } from './standing.js';
import type { Findings, Standing } from './standing.js';

/** Which resources are asked for; all of them where nothing is said. */
export interface ConfigQuery {
  /** Without regard to case. */
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Where the page before ended. */
  readonly after?: string;
  readonly limit?: number;
}

/** A resource as one source has it. */
export interface ConfigEntry {
  readonly key: ResourceKey;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `a.yaml:3`, `cluster/<name>`. */
  readonly source: string;
  /** `unread` where the source has not been heard since Galley's start: what was accepted before is in force. */
  readonly outcome: Standing['outcome'] | 'unread';
  readonly inForce: boolean;
  /** Why it is not accepted. */
  readonly reason?: string;
  /** Everything up to this revision of the log makes it what it is, or less does where Galley was restarted since. */
  readonly revision: number;
}

export interface ConfigPage {
  readonly items: readonly ConfigEntry[];
  /** Ask for what comes after this. */
  readonly next?: string;
}

/** A resource with everything that there is to say of it. */
export interface ConfigDescription extends ConfigEntry {
  readonly messages: readonly Diagnostic[];
  /** The version in force. */
  readonly spec?: unknown;
}

export interface ListingContext {
  readonly snapshot: Snapshot;
  readonly revisionOf: (key: ResourceKey) => number;
  readonly findings: Findings;
}

/** An answer is one message of the bus, of 1 MB. */
const MAX_PAGE = 500;
const MAX_REASON = 500;
const SEPARATOR = '\0';

/** A page of what the sources have, by key and then by source. */
export function listConfig(context: ListingContext, query: ConfigQuery): ConfigPage {
  const limit = Math.min(MAX_PAGE, Math.max(1, query.limit ?? MAX_PAGE));
  const { after = '' } = query;
  const wanted = places(context.snapshot)
    .filter(({ key }) => isWanted(key, query))
    .map((found) => ({ ...found, cursor: found.key + SEPARATOR + found.unit }))
    .filter(({ cursor }) => cursor > after)
    .sort((left, right) => (left.cursor < right.cursor ? -1 : 1));
  const page = wanted.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ unit, key }) => entryOf(context, unit, key)),
    ...(wanted.length > limit && last && { next: last.cursor }),
  };
}

/** All sources that have a resource. */
export function describeConfig(context: ListingContext, key: ResourceKey): ConfigDescription[] {
  const { snapshot } = context;
  return places(snapshot)
    .filter((found) => found.key === key)
    .map(({ unit }) => {
      const entry = entryOf(context, unit, key);
      const messages = standingOf(snapshot, unit, key, context.findings)?.messages ?? [];
      const claim = entry.inForce ? accepted(snapshot, key) : undefined;
      const spec = claim && decodeContent(key, claim.content).spec;
      return { ...entry, messages, ...(spec !== undefined && { spec }) };
    });
}

function places({ files }: Snapshot): { readonly unit: Unit; readonly key: ResourceKey }[] {
  return [...files].flatMap(([unit, { claims, reading }]) => {
    const read = (reading?.documents ?? []).flatMap((document) => documentKey(document) ?? []);
    return [...new Set([...claims.keys(), ...read])].map((key) => ({ unit, key }));
  });
}

function isWanted(key: ResourceKey, query: ConfigQuery): boolean {
  const { kind, namespace, name } = splitKey(key);
  return (
    (query.kind === undefined || kind.toLowerCase() === query.kind.toLowerCase()) &&
    (query.namespace === undefined || namespace === query.namespace) &&
    (query.name === undefined || name === query.name)
  );
}

function entryOf(
  { snapshot, revisionOf, findings }: ListingContext,
  unit: Unit,
  key: ResourceKey,
): ConfigEntry {
  const { kind, namespace, name } = splitKey(key);
  const standing = standingOf(snapshot, unit, key, findings);
  const reason = standing && reasonOf(standing);
  return {
    ...{ key, kind, namespace, name },
    source: sourceOf(snapshot, unit, key),
    outcome: standing?.outcome ?? 'unread',
    inForce: standing?.inForce ?? snapshot.claimants.get(key)?.[0] === unit,
    ...(reason !== undefined && { reason }),
    revision: revisionOf(key),
  };
}

function reasonOf({ errors, overriddenBy }: Standing): string | undefined {
  if (overriddenBy !== undefined) return `it stands already in ${overriddenBy}, which stays`;
  const [error] = errors;
  return error && `${error.path === '' ? '' : `${error.path}: `}${error.message}`.slice(0, MAX_REASON);
}

function sourceOf({ files }: Snapshot, unit: Unit, key: ResourceKey): string {
  const cluster = splitUnit(unit);
  if (cluster) return `cluster/${cluster.cluster}`;
  const state = files.get(unit);
  const document = state?.reading?.documents.find((found) => documentKey(found) === key);
  const origin = state?.claims.get(key)?.origin;
  if (document) return place({ file: unit, line: document.line });
  return origin ? place(origin) : unit;
}

import { PersistentMap } from '#common/collections';
import {
  documentKey,
  duplicateDiagnostic,
  failedReading,
  fileDiagnostics,
  originIn,
  readFile,
  readObject,
} from '#config';
import type { Diagnostic, FileReading, Origin, ResourceKey } from '#config';
import type { FileChange } from '../sources/change.js';
import type { Claim, Claims } from './claim.js';
import { readClaims } from './claims.js';
import { byPrecedence, objectUnit, unitOf } from './units.js';
import { isOlder } from './versions.js';

/** One unit of a source, a file for short, as the snapshot holds it. */
interface FileState {
  readonly claims: Claims;
  /** Absent until the file was read for the first time since the start. */
  readonly reading?: FileReading;
  /** True while something waits for the file to be still. */
  readonly inDoubt: boolean;
  /** The last reading without doubt: its diagnostics are shown while a file is being written. */
  readonly settled?: FileReading;
  /** The log had it in a newer version than was heard of here: what is older than that is no news. */
  readonly ahead?: true;
}

/**
 * The accepted config at one moment, with what it was made from. Immutable: a change makes another one, at the cost
 * of what it touches.
 */
export interface Snapshot {
  readonly files: PersistentMap<FileState>;
  /** Files that claim a key, by precedence: the first one has it. */
  readonly claimants: PersistentMap<readonly string[]>;
}

export interface SnapshotUpdate {
  readonly snapshot: Snapshot;
  /** Keys whose accepted content or origin may have changed. */
  readonly touched: ReadonlySet<ResourceKey>;
}

/** What was accepted before the start, by the files that it came from. Sources are compared with this. */
export function restoreSnapshot(
  resources: Iterable<readonly [ResourceKey, { readonly content: string; readonly origin: Origin }]>,
): Snapshot {
  const byFile = new Map<string, Map<ResourceKey, Claim>>();
  for (const [key, { content, origin }] of resources) {
    const unit = unitOf(key, origin);
    const claims = byFile.get(unit) ?? new Map<ResourceKey, Claim>();
    byFile.set(unit, claims.set(key, { content, origin }));
  }
  let snapshot: Snapshot = { files: PersistentMap.empty(), claimants: PersistentMap.empty() };
  for (const [path, claims] of byFile) {
    snapshot = withFile(snapshot, path, { claims, inDoubt: false }, new Set());
  }
  return snapshot;
}

/**
 * What the sources say now, over what is in force according to somebody else's log: of what is invalid, its version
 * stays, and so does what the log has of an object in a newer version than was heard of here. `gone` are units that the
 * sources know not to be there any more, or the log.
 */
export function rebaseSnapshot(
  snapshot: Snapshot,
  resources: Parameters<typeof restoreSnapshot>[0],
  gone: ReadonlySet<string>,
): SnapshotUpdate {
  const restored = restoreSnapshot(resources);
  const touched = new Set<ResourceKey>(restored.claimants.keys());
  let next = restored;
  for (const path of gone) next = withFile(next, path, undefined, touched);
  for (const [path, { reading, inDoubt, settled }] of snapshot.files) {
    const claims = next.files.get(path)?.claims ?? new Map<ResourceKey, Claim>();
    if (!reading || gone.has(path)) continue;
    if (isBehind(reading, claims)) {
      next = withFile(next, path, { claims, inDoubt: false, ahead: true }, touched);
      continue;
    }
    const state = { claims, reading, inDoubt, ...(settled && { settled }) };
    next = withFile(next, path, readState(restored, state, reading, !inDoubt), touched);
  }
  return { snapshot: next, touched };
}

function isBehind({ resourceVersion }: { readonly resourceVersion?: string }, claims: Claims): boolean {
  const versions = [...claims.values()].map(({ origin }) => origin.resourceVersion);
  return versions.some((known) => isOlder(resourceVersion, known));
}

/** Takes in what the sources say, all of it as one change. */
export function applyChanges(before: Snapshot, changes: readonly FileChange[]): SnapshotUpdate {
  const touched = new Set<ResourceKey>();
  let snapshot = before;
  for (const change of changes) {
    const next = nextState(before, snapshot.files.get(change.path), change);
    snapshot = withFile(snapshot, change.path, next, touched);
  }
  return { snapshot, touched };
}

/** The version of a resource that is in force, and where it is from. */
export function accepted(snapshot: Snapshot, key: ResourceKey): Claim | undefined {
  const [path] = snapshot.claimants.get(key) ?? [];
  return path === undefined ? undefined : snapshot.files.get(path)?.claims.get(key);
}

/** Everything in force. */
export function* acceptedResources(snapshot: Snapshot): IterableIterator<readonly [ResourceKey, Claim]> {
  for (const key of snapshot.claimants.keys()) {
    const claim = accepted(snapshot, key);
    if (claim) yield [key, claim];
  }
}

/** Paths of all files that the snapshot knows of. */
export function filePaths(snapshot: Snapshot): string[] {
  return [...snapshot.files.keys()];
}

/** The last complete readings of all files, by precedence. */
export function settledReadings(snapshot: Snapshot): FileReading[] {
  return settledFiles(snapshot).map(([, reading]) => reading);
}

function settledFiles(snapshot: Snapshot): (readonly [path: string, reading: FileReading])[] {
  const settled = [...snapshot.files].flatMap(([path, { settled: reading }]) =>
    reading ? [[path, reading] as const] : [],
  );
  return settled.sort(([left], [right]) => byPrecedence(left, right));
}

/** What is wrong with the files, by path and line. */
export function snapshotDiagnostics(snapshot: Snapshot): Diagnostic[] {
  return settledFiles(snapshot).flatMap(([path, reading]) => [
    ...fileDiagnostics(reading),
    ...duplicates(snapshot, path, reading),
  ]);
}

/** Of these files, those about which something waits until they are still. */
export function inDoubt(snapshot: Snapshot, files: Iterable<{ readonly path: string }>): Set<string> {
  return new Set([...files].map(({ path }) => path).filter((path) => snapshot.files.get(path)?.inDoubt));
}

/** A file's state after a change; undefined where there is nothing to keep of it. */
function nextState(
  snapshot: Snapshot,
  state: FileState | undefined,
  change: FileChange,
): FileState | undefined {
  switch (change.kind) {
    case 'gone':
      return undefined;
    case 'still':
      return state?.inDoubt && state.reading ? readState(snapshot, state, state.reading, true) : state;
    case 'failed':
      return readState(snapshot, state, failedReading(change.path, 'unreadable', change.message), true);
    case 'text':
      return readState(
        snapshot,
        state,
        readFile(change.path, change.text, state?.reading, state?.settled),
        change.whole,
      );
    case 'object': {
      const { file, object, resourceVersion } = change;
      if (state?.ahead && isBehind(change, state.claims)) return state;
      return readState(snapshot, state, readObject(file, object, resourceVersion, state?.reading), true);
    }
  }
}

function readState(
  snapshot: Snapshot,
  state: FileState | undefined,
  reading: FileReading,
  whole: boolean,
): FileState {
  const { claims, inDoubt } = readClaims(reading, whole, {
    claims: state?.claims ?? new Map<ResourceKey, Claim>(),
    settled: state?.settled,
    growing: state !== undefined && state.inDoubt && (state.reading?.documents.length ?? 0) > 0,
    lastGood: (key) => accepted(snapshot, key),
  });
  return { claims, reading, inDoubt, settled: inDoubt ? state?.settled : reading };
}

/** Replaces a file and names the keys for which that makes a difference. */
function withFile(
  snapshot: Snapshot,
  path: string,
  next: FileState | undefined,
  touched: Set<ResourceKey>,
): Snapshot {
  const before = snapshot.files.get(path)?.claims;
  let { claimants } = snapshot;
  for (const [key, claim] of next?.claims ?? []) {
    const known = before?.get(key);
    if (!known || !sameClaim(known, claim)) touched.add(key);
    if (!known) claimants = claimants.set(key, [...(claimants.get(key) ?? []), path].sort(byPrecedence));
  }
  for (const key of before?.keys() ?? []) {
    if (next?.claims.has(key)) continue;
    touched.add(key);
    const rest = (claimants.get(key) ?? []).filter((claimant) => claimant !== path);
    claimants = rest.length > 0 ? claimants.set(key, rest) : claimants.delete(key);
  }
  const files = next ? snapshot.files.set(path, next) : snapshot.files.delete(path);
  return { files, claimants };
}

function sameClaim(left: Claim, right: Claim): boolean {
  return (
    left.content === right.content &&
    left.origin.file === right.origin.file &&
    left.origin.line === right.origin.line &&
    left.heldBack?.message === right.heldBack?.message
  );
}

/** What of a reading, were it an object of this cluster, stands elsewhere already and stays there. */
export function precedence(snapshot: Snapshot, cluster: string, reading: FileReading): Diagnostic[] {
  return reading.documents.flatMap((document) => {
    const key = documentKey(document);
    return key === undefined ? [] : duplicates(snapshot, objectUnit(cluster, key), reading);
  });
}

/** Documents of a file whose resource stands in another file before it, or earlier in the same file. */
function duplicates(snapshot: Snapshot, path: string, reading: FileReading): Diagnostic[] {
  const seen = new Map<ResourceKey, Origin>();
  return reading.documents.flatMap((document) => {
    const key = documentKey(document);
    if (key === undefined) return [];
    const origin = originIn(reading, document.line);
    const [owner] = snapshot.claimants.get(key) ?? [];
    const elsewhere =
      owner !== undefined && byPrecedence(owner, path) < 0 ? accepted(snapshot, key)?.origin : undefined;
    const first = seen.get(key) ?? elsewhere;
    if (!seen.has(key)) seen.set(key, origin);
    return first ? [duplicateDiagnostic(key, origin, first)] : [];
  });
}

import type { Diagnostic, ResourceKey } from '#config';
import type { Snapshot } from '../snapshot/snapshot.js';
import { conflictsAmong, resourcesInForce } from './in-force.js';

/** All resources are read anew at most so often, in milliseconds, and in at most this share of the time. */
const PAUSE_MS = 1_000;
const SHARE = 0.02;
const NONE: readonly Diagnostic[] = [];

/**
 * What is wrong between the resources in force, for those who ask of one of them, and often: it takes reading them all, so
 * that it may be a moment old.
 */
export class KnownConflicts {
  private snapshot: Snapshot | undefined;
  private byKey: ReadonlyMap<ResourceKey, readonly Diagnostic[]> = new Map();
  private restUntil = -Infinity;
  /** Of which something else is said than when they were asked for last. */
  private news = new Set<ResourceKey>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  of(key: ResourceKey): readonly Diagnostic[] {
    return this.byKey.get(key) ?? NONE;
  }

  /** Reads the config again if it is time; the keys of which something else is said than when this was called last. */
  refresh(snapshot: Snapshot): ReadonlySet<ResourceKey> {
    if (this.now() >= this.restUntil) this.read(snapshot);
    const { news } = this;
    this.news = new Set();
    return news;
  }

  /** Reads the config again if there is something new, whether it is time or not: for somebody who waits. */
  read(snapshot: Snapshot): void {
    if (snapshot === this.snapshot) return;
    const started = this.now();
    const before = this.byKey;
    this.snapshot = snapshot;
    this.byKey = byResource(conflictsAmong(resourcesInForce(snapshot)));
    const ended = this.now();
    this.restUntil = ended + Math.max(PAUSE_MS, (ended - started) / SHARE);
    for (const key of [...before.keys(), ...this.byKey.keys()])
      if (words(before.get(key)) !== words(this.byKey.get(key))) this.news.add(key);
  }
}

function byResource(diagnostics: readonly Diagnostic[]): ReadonlyMap<ResourceKey, readonly Diagnostic[]> {
  const found = new Map<ResourceKey, Diagnostic[]>();
  for (const diagnostic of diagnostics) {
    const { resource = '' } = diagnostic;
    const others = found.get(resource);
    if (others) others.push(diagnostic);
    else found.set(resource, [diagnostic]);
  }
  return found;
}

/** Without where it stands, which a new version of the same object changes. */
function words(diagnostics: readonly Diagnostic[] = NONE): string {
  return JSON.stringify(diagnostics.map(({ code, path, message }) => [code, path, message]));
}

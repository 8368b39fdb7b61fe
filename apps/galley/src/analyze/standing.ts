import { documentKey, fileDiagnostics } from '#config';
import type { Diagnostic, FileReading, Origin, ResourceKey } from '#config';
import type { Snapshot } from '../snapshot/snapshot.js';
import { accepted } from '../snapshot/snapshot.js';
import type { Unit } from '../snapshot/units.js';

/** What became of a resource as one unit of a source has it. */
export interface Standing {
  readonly key: ResourceKey;
  /** `invalid` may have a last good version in force; `overridden`: another unit has the key and goes before. */
  readonly outcome: 'accepted' | 'invalid' | 'overridden';
  /** Whether some version of it, from this unit, is in force. */
  readonly inForce: boolean;
  /** Why it is invalid. */
  readonly errors: readonly Diagnostic[];
  /** All that there is to say of it, the errors too. */
  readonly messages: readonly Diagnostic[];
  /** Where the one stands that goes before: `a.yaml:3`. */
  readonly overriddenBy?: string;
}

/** What is wrong with a resource beside other config. */
export interface Findings {
  /** References of a reading that lead nowhere. */
  readonly missing: (reading: FileReading) => readonly Diagnostic[];
  /** Of the version in force: how it contradicts other resources, and what it asks for in vain. */
  readonly told: (key: ResourceKey) => readonly Diagnostic[];
}

/** How a resource stands; undefined where the unit was not read yet, or holds nothing that Quartet reads. */
export function standingOf(
  snapshot: Snapshot,
  unit: Unit,
  key: ResourceKey,
  { missing, told }: Findings,
): Standing | undefined {
  const state = snapshot.files.get(unit);
  const reading = state?.reading;
  const document = reading?.documents.find((found) => documentKey(found) === key);
  if (!state || !reading || !document) return undefined;
  const own = fileDiagnostics(reading).filter(({ resource }) => resource === key);
  const errors = own.filter(({ level }) => level === 'Error');
  const [owner] = snapshot.claimants.get(key) ?? [];
  const isOwner = owner === unit;
  const dangling = missing(reading).filter(({ resource }) => resource === key);
  const messages = [...own, ...dangling, ...(isOwner ? told(key) : [])];
  const shown = { key, errors, messages };
  if (document.outcome !== 'accepted') return { ...shown, outcome: 'invalid', inForce: isOwner };
  if (isOwner) return { ...shown, outcome: 'accepted', inForce: true };
  const origin = accepted(snapshot, key)?.origin;
  return { ...shown, outcome: 'overridden', inForce: false, ...(origin && { overriddenBy: place(origin) }) };
}

export function place({ file, line }: Origin): string {
  return line > 0 ? `${file}:${line}` : file;
}

import { diagnostic } from '#config';
import type { Diagnostic } from '#config';
import { snapshotDiagnostics } from '../snapshot/snapshot.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import { analyze } from './analyze.js';

/** What went wrong around the config, in words. */
export interface Surroundings {
  /** What was lost of the accepted snapshot on disk. */
  readonly damage: readonly string[];
  /** What cannot be seen of the sources. */
  readonly sources: readonly SourceProblem[];
}

/** What of a source cannot be seen at this moment: what was seen last stays in force. */
export interface SourceProblem {
  /** The config folder, `.`, or `cluster/<name>`. */
  readonly file: string;
  readonly kind: 'unreadable' | 'notInstalled' | 'admission';
  readonly message: string;
}

/** Everything that is wrong at this moment, the worst surroundings first. */
export function report(snapshot: Snapshot, { damage, sources }: Surroundings): Diagnostic[] {
  const at = (file: string): { origin: { file: string; line: number } } => ({ origin: { file, line: 0 } });
  const lost = damage.map((text) => diagnostic('stateLost', text, at('accepted snapshot')));
  const unseen = sources.map(({ file, kind, message }) => diagnostic(kind, message, at(file)));
  return [...lost, ...unseen, ...snapshotDiagnostics(snapshot), ...analyze(snapshot)];
}

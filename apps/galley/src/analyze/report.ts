import { diagnostic } from '#config';
import type { Diagnostic } from '#config';
import { snapshotDiagnostics } from '../snapshot/snapshot.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import { analyze } from './analyze.js';

/** What went wrong around the config, in words. */
export interface Surroundings {
  /** What was lost of the accepted snapshot on disk. */
  readonly damage: readonly string[];
  /** Why the config folder cannot be read; undefined where it can. */
  readonly folderProblem: string | undefined;
}

/** Everything that is wrong at this moment, the worst surroundings first. */
export function report(snapshot: Snapshot, { damage, folderProblem }: Surroundings): Diagnostic[] {
  const at = (file: string): { origin: { file: string; line: number } } => ({ origin: { file, line: 0 } });
  const lost = damage.map((text) => diagnostic('stateLost', text, at('accepted snapshot')));
  const unreadable = folderProblem === undefined ? [] : [diagnostic('unreadable', folderProblem, at('.'))];
  return [...lost, ...unreadable, ...snapshotDiagnostics(snapshot), ...analyze(snapshot)];
}

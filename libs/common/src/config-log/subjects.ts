/** JetStream names of the config log, see docs/protocol.md. Permissions hang on them (`#common/nats`). */

/** The stream of commits. */
export const LOG_STREAM = 'QUARTET_CONFIG';
/** Operations of a commit, in pieces; they count only when their marker arrives. */
export const LOG_PART = 'quartet.config.log.part';
/** Markers: one closes a commit, another announces an epoch. */
export const LOG_MARKER = 'quartet.config.log.marker';

/** The stream of snapshots. */
export const SNAPSHOT_STREAM = 'QUARTET_CONFIG_SNAPSHOT';
/** Closes a snapshot. */
export const SNAPSHOT_MARKER = 'quartet.config.snapshot.marker';

/** The parts of one snapshot. */
export function snapshotPart(id: string): string {
  return `quartet.config.snapshot.part.${id}`;
}

export const LOG_SUBJECTS = 'quartet.config.log.>';
export const SNAPSHOT_SUBJECTS = 'quartet.config.snapshot.>';
export const SNAPSHOT_PARTS = 'quartet.config.snapshot.part.>';

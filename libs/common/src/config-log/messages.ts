import { randomUUID } from 'node:crypto';
import type { OutgoingMessage } from './batch.js';
import { PartWriter } from './parts.js';
import { LOG_MARKER, LOG_PART, SNAPSHOT_MARKER, snapshotPart } from './subjects.js';
import type { Commit, ConfigState, Operation } from './types.js';
import { encodeMarker, type SnapshotMarker, type WireOptions } from './wire.js';

/** How large the pieces are; other than the defaults in tests only. */
export interface MessageOptions {
  readonly partBytes?: number;
  readonly wire?: WireOptions;
}

/** A commit as the log carries it: its parts, then the marker that makes them count. */
export function* commitMessages(commit: Commit, options: MessageOptions = {}): Generator<OutgoingMessage> {
  const { operations, ...head } = commit;
  const parts = new PartWriter(randomUUID(), options.partBytes, options.wire);
  for (const payload of parts.write(operations)) yield { subject: LOG_PART, payload };
  const marker = { kind: 'commit', ...head, batch: parts.batch() } as const;
  yield { subject: LOG_MARKER, payload: encodeMarker(marker, options.wire) };
}

/** A state as the snapshot stream carries it; `done` learns the marker. */
export function* snapshotMessages(
  state: ConfigState,
  about: Pick<SnapshotMarker, 'sequence' | 'time'>,
  done: (marker: SnapshotMarker) => void,
  options: MessageOptions = {},
): Generator<OutgoingMessage> {
  const { epoch, revision, stateHash } = state;
  const parts = new PartWriter(randomUUID(), options.partBytes, options.wire);
  for (const payload of parts.write(puts(state))) yield { subject: snapshotPart(parts.id), payload };
  const marker = { kind: 'snapshot', epoch, revision, stateHash, ...about, batch: parts.batch() } as const;
  done(marker);
  yield { subject: SNAPSHOT_MARKER, payload: encodeMarker(marker, options.wire) };
}

/** Tells readers of the log that a new epoch starts from a snapshot. */
export function epochMessage(snapshot: SnapshotMarker, options: MessageOptions = {}): OutgoingMessage {
  const { epoch, revision, stateHash, time, batch } = snapshot;
  const marker = { kind: 'epoch', epoch, revision, stateHash, time, snapshot: batch.id } as const;
  return { subject: LOG_MARKER, payload: encodeMarker(marker, options.wire) };
}

function* puts({ resources }: ConfigState): Generator<Operation> {
  for (const [key, { content, origin }] of resources) yield { op: 'put', key, content, origin };
}

import { randomUUID } from 'node:crypto';
import type { OutgoingMessage } from './batch.js';
import { PartWriter } from './parts.js';
import { LOG_MARKER, LOG_PART, SNAPSHOT_MARKER, snapshotPart } from './subjects.js';
import type { Commit, ConfigState, Operation } from './types.js';
import { type Batch, encodeMarker, joinPart, type SnapshotMarker, type WireOptions } from './wire.js';

/** A larger part travels on its own: beside its marker it might not fit a message. */
const MAX_JOINED_BYTES = 300_000;

/** How large the pieces are; other than the defaults in tests only. */
export interface MessageOptions {
  readonly partBytes?: number;
  readonly wire?: WireOptions;
}

/**
 * A commit as the log carries it: its parts, then the marker that makes them count. A commit of one part is a single
 * message, which JetStream stores in a tenth of the time that a batch takes.
 */
export function* commitMessages(commit: Commit, options: MessageOptions = {}): Generator<OutgoingMessage> {
  const { operations, ...head } = commit;
  const parts = new PartWriter(randomUUID(), options.partBytes, options.wire);
  const close = (batch: Batch): Uint8Array => encodeMarker({ kind: 'commit', ...head, batch }, options.wire);
  yield* closed(parts, operations, { part: LOG_PART, marker: LOG_MARKER }, close);
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
  const close = (batch: Batch): Uint8Array => {
    const marker = { kind: 'snapshot', epoch, revision, stateHash, ...about, batch } as const;
    done(marker);
    return encodeMarker(marker, options.wire);
  };
  yield* closed(parts, puts(state), { part: snapshotPart(parts.id), marker: SNAPSHOT_MARKER }, close);
}

function* closed(
  parts: PartWriter,
  operations: Iterable<Operation>,
  subjects: { readonly part: string; readonly marker: string },
  close: (batch: Batch) => Uint8Array,
): Generator<OutgoingMessage> {
  let held: Uint8Array | undefined;
  for (const payload of parts.write(operations)) {
    if (held) yield { subject: subjects.part, payload: held };
    held = payload;
  }
  const batch = parts.batch();
  const marker = close(batch);
  const single = held && batch.parts === 1 && held.length <= MAX_JOINED_BYTES;
  if (held && !single) yield { subject: subjects.part, payload: held };
  yield { subject: subjects.marker, payload: held && single ? joinPart(marker, held) : marker };
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

import type { ResourceKey } from '#config';
import { Intake } from './intake.js';
import { relate } from './judge.js';
import { NotYet } from './link.js';
import { applyCommit, LiveState } from './live-state.js';
import { PartReader } from './parts.js';
import type { LogStreams, Placed } from './streams.js';
import { LOG_STREAM, SNAPSHOT_STREAM, snapshotPart } from './subjects.js';
import type { StoredResource } from './types.js';
import { type Batch, decodePart, type SnapshotMarker, WireError, type WireOptions } from './wire.js';

/** A state and the sequence of the log up to which it holds everything. */
export interface Replayed {
  readonly state: LiveState;
  readonly sequence: number;
}

const PATIENCE_MS = 5_000;

/** Reads the newest snapshot. @throws WireError where it is not what it claims to be, NotYet where there is none */
export async function readSnapshot(streams: LogStreams, wire?: WireOptions): Promise<Replayed> {
  const placed = await streams.snapshot();
  if (placed?.marker.kind !== 'snapshot') throw new NotYet('there is no snapshot yet');
  const { marker, part } = placed;
  const parts = new PartReader();
  if (part) parts.add(decodePart(part, wire));
  else await readParts(streams, marker.batch, parts, wire);
  return { state: snapshotState(marker, parts), sequence: marker.sequence };
}

async function readParts(
  streams: LogStreams,
  batch: Batch,
  parts: PartReader,
  wire?: WireOptions,
): Promise<void> {
  let missing = batch.parts;
  if (missing === 0) return;
  const where = {
    stream: SNAPSHOT_STREAM,
    subject: snapshotPart(batch.id),
    from: 1,
    patienceMs: PATIENCE_MS,
  };
  for await (const { payload } of streams.read(where)) {
    parts.add(decodePart(payload, wire));
    if (--missing === 0) return;
  }
}

function snapshotState(marker: SnapshotMarker, parts: PartReader): LiveState {
  const resources = new Map<ResourceKey, StoredResource>();
  for (const operation of parts.take(marker.batch)) {
    if (operation.op !== 'put') throw new WireError(`a snapshot with the operation ${operation.op}`);
    resources.set(operation.key, { content: operation.content, origin: operation.origin });
  }
  const state = new LiveState(marker.epoch, marker.revision, resources);
  if (state.stateHash !== marker.stateHash) throw new WireError('a snapshot with another state hash');
  return state;
}

/** Applies to a state the commits of the log that follow it, up to a head. What does not follow is left out. */
export async function replay(
  streams: LogStreams,
  start: Replayed,
  head: Placed,
  wire?: WireOptions,
): Promise<Replayed> {
  if (start.sequence >= head.sequence) return start;
  const { state } = start;
  const intake = new Intake(wire);
  let sequence = start.sequence;
  const from = start.sequence + 1;
  for await (const message of streams.read({ stream: LOG_STREAM, from, patienceMs: PATIENCE_MS })) {
    const arrival = intake.take(message);
    const next =
      arrival?.kind === 'commit' && relate(state, arrival.marker) === 'follows' ? arrival.commit : undefined;
    if (next && applyCommit(state, next)) sequence = message.sequence;
    if (message.sequence >= head.sequence) break;
  }
  return { state, sequence };
}

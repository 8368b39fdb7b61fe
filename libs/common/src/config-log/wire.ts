import type { Commit, Operation } from './types.js';
import { isEpoch } from './epoch.js';
import { decodeOperations } from './wire-operations.js';
import { Fields, WireError } from './wire-fields.js';

export { WireError } from './wire-fields.js';

/**
 * Version of the form that this code writes. It reads this one and the one before. Version 1 has neither `heldBack`,
 * `time` nor `heard`.
 */
export const WIRE_VERSION = 2;
/** The oldest reader that can make sense of what this code writes: version 2 only added members. */
export const READABLE_FROM = 1;

/** A piece of a commit or of a snapshot, not yet looked into. */
export interface Part {
  /** Id of the commit or snapshot that it belongs to. */
  readonly id: string;
  readonly index: number;
  readonly payload: Uint8Array;
  readonly operations: readonly Operation[];
}

/** What a marker says of the parts that it closes. */
export interface Batch {
  readonly id: string;
  readonly parts: number;
  /** sha256 over the payloads of the parts in order, 64 hex digits. */
  readonly hash: string;
}

export interface CommitMarker extends Omit<Commit, 'operations'> {
  readonly kind: 'commit';
  readonly batch: Batch;
}

/** Announces a writer that starts from the snapshot with this id. */
export interface EpochMarker extends Pick<Commit, 'epoch' | 'revision' | 'stateHash' | 'time'> {
  readonly kind: 'epoch';
  readonly snapshot: string;
}

export interface SnapshotMarker extends Pick<Commit, 'epoch' | 'revision' | 'stateHash' | 'time'> {
  readonly kind: 'snapshot';
  readonly batch: Batch;
  /** Sequence in the log stream up to which the snapshot holds everything. */
  readonly sequence: number;
}

export type Marker = CommitMarker | EpochMarker | SnapshotMarker;

/** Which version a reader or writer speaks; other than the current one in tests of compatibility only. */
export interface WireOptions {
  readonly version?: number;
}

const LINE_END = 0x0a;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function encodePart(
  id: string,
  index: number,
  operations: readonly string[],
  options?: WireOptions,
): Uint8Array {
  const head = JSON.stringify({ ...versions(options), kind: 'part', id, index }).slice(0, -1);
  return encoder.encode(`${head},"operations":[${operations.join(',')}]}`);
}

export function encodeMarker(marker: Marker, options?: WireOptions): Uint8Array {
  const body: Record<string, unknown> = { ...versions(options), ...marker };
  if (body.v === 1) {
    delete body.heldBack;
    delete body.time;
    delete body.heard;
  }
  return encoder.encode(JSON.stringify(body));
}

function versions(options: WireOptions = {}): { v: number; reads?: number } {
  const { version = WIRE_VERSION } = options;
  if (version === 1) return { v: 1 };
  return { v: version, reads: version === WIRE_VERSION ? READABLE_FROM : version };
}

/** A marker and the only part that it closes, in one message: the marker, a line end, the part. */
export function joinPart(marker: Uint8Array, part: Uint8Array): Uint8Array {
  const joined = new Uint8Array(marker.length + 1 + part.length);
  joined.set(marker);
  joined[marker.length] = LINE_END;
  joined.set(part, marker.length + 1);
  return joined;
}

/** The part that came in one message with its marker, if any. JSON text has no bare line end, so the first one divides. */
export function joinedPart(payload: Uint8Array): Uint8Array | undefined {
  const end = payload.indexOf(LINE_END);
  return end < 0 ? undefined : payload.subarray(end + 1);
}

function markerText(payload: Uint8Array): Uint8Array {
  const end = payload.indexOf(LINE_END);
  return end < 0 ? payload : payload.subarray(0, end);
}

/** @throws WireError */
export function decodePart(payload: Uint8Array, options?: WireOptions): Part {
  const fields = open(payload, options);
  fields.literal('kind', 'part');
  return {
    id: fields.text('id'),
    index: fields.count('index'),
    payload,
    operations: decodeOperations(fields.list('operations')),
  };
}

/**
 * @param received RFC 3339 time at which the server stored the message: stands in where version 1 has none
 * @throws WireError
 */
export function decodeMarker(payload: Uint8Array, received: string, options?: WireOptions): Marker {
  const fields = open(markerText(payload), options);
  const kind = fields.text('kind');
  const epoch = fields.text('epoch');
  if (!isEpoch(epoch)) throw new WireError(`not an epoch: ${JSON.stringify(epoch.slice(0, 50))}`);
  const common = {
    epoch,
    revision: fields.count('revision'),
    stateHash: fields.hash('stateHash'),
    time: fields.has('time') ? fields.text('time') : received,
  };
  if (kind === 'epoch') return { kind, ...common, snapshot: fields.text('snapshot') };
  const batch = decodeBatch(fields.object('batch'));
  if (kind === 'snapshot') return { kind, ...common, batch, sequence: fields.count('sequence') };
  if (kind !== 'commit') throw new WireError(`a marker of unknown kind ${JSON.stringify(kind.slice(0, 50))}`);
  const heard = fields.has('heard') ? { heard: fields.text('heard') } : {};
  const previous = fields.count('previous');
  return { kind, ...common, ...heard, batch, previous, heldBack: decodeHeldBack(fields) };
}

function decodeBatch(fields: Fields): Batch {
  return { id: fields.text('id'), parts: fields.count('parts'), hash: fields.hash('hash') };
}

function decodeHeldBack(fields: Fields): Commit['heldBack'] {
  if (!fields.has('heldBack')) return [];
  return fields.list('heldBack').map((item) => {
    const held = new Fields(item);
    return { key: held.text('key'), code: held.text('code'), message: held.text('message') };
  });
}

function open(payload: Uint8Array, options: WireOptions = {}): Fields {
  const fields = new Fields(parse(payload));
  const { version = WIRE_VERSION } = options;
  const written = fields.count('v');
  const readableFrom = fields.has('reads') ? fields.count('reads') : written;
  if (readableFrom > version || written < version - 1) {
    throw new WireError(`wire form version ${written}: this reader knows ${version - 1} and ${version}`);
  }
  return fields;
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload));
  } catch (cause) {
    throw new WireError('not a JSON message', { cause });
  }
}

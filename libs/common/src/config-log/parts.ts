import { createHash, type Hash } from 'node:crypto';
import type { Operation } from './types.js';
import { type Batch, encodePart, type Part, WireError, type WireOptions } from './wire.js';

/** Operations of one part, encoded; a part holds at least one. */
export const PART_BYTES = 256 * 1024;
/** One operation must fit a NATS message (1 MB by default) beside the head of its part. */
export const MAX_OPERATION_BYTES = 1_000_000;
/** All operations of one commit or snapshot, encoded: a reader holds that much until the marker arrives. */
export const MAX_COMMIT_BYTES = 256 * 1024 * 1024;

/** A resource that no message can carry. The rest of the change is fine without it. */
export class ResourceTooLargeError extends Error {
  constructor(
    readonly key: string,
    readonly bytes: number,
  ) {
    super(`${key} takes ${bytes} bytes, more than the ${MAX_OPERATION_BYTES} that fit one message`);
  }
}

/** Bytes that an operation takes in a message. */
export function operationBytes(operation: Operation): number {
  return Buffer.byteLength(JSON.stringify(operation));
}

/** Cuts operations into encoded parts, and hashes them along the way. */
export class PartWriter {
  readonly #hash: Hash = createHash('sha256');
  #parts = 0;

  constructor(
    readonly id: string,
    private readonly partBytes: number = PART_BYTES,
    private readonly wire?: WireOptions,
  ) {}

  /** @throws ResourceTooLargeError */
  *write(operations: Iterable<Operation>): Generator<Uint8Array> {
    let pending: string[] = [];
    let bytes = 0;
    for (const operation of operations) {
      const text = JSON.stringify(operation);
      const size = Buffer.byteLength(text);
      if (size > MAX_OPERATION_BYTES) throw new ResourceTooLargeError(operation.key, size);
      if (pending.length > 0 && bytes + size > this.partBytes) {
        yield this.#encode(pending);
        pending = [];
        bytes = 0;
      }
      pending.push(text);
      bytes += size + 1;
    }
    if (pending.length > 0) yield this.#encode(pending);
  }

  /** What the marker says, once all parts are written. */
  batch(): Batch {
    return { id: this.id, parts: this.#parts, hash: this.#hash.copy().digest('hex') };
  }

  #encode(operations: readonly string[]): Uint8Array {
    const payload = encodePart(this.id, this.#parts++, operations, this.wire);
    this.#hash.update(payload);
    return payload;
  }
}

/**
 * Gathers the parts of one commit or snapshot until its marker comes. Capacity: {@link MAX_COMMIT_BYTES}; beyond it,
 * and when a part of another commit comes first (its writer died), what was gathered is dropped, so that its marker
 * is refused.
 */
export class PartReader {
  #parts: Part[] = [];
  #bytes = 0;

  add(part: Part): void {
    if (this.#parts[0]?.id !== part.id || part.index !== this.#parts.length) this.clear();
    this.#bytes += part.payload.byteLength;
    if (this.#bytes > MAX_COMMIT_BYTES) this.clear();
    else if (part.index === this.#parts.length) this.#parts.push(part);
  }

  /** The operations that a marker closes. @throws WireError where parts are missing or changed */
  take(batch: Batch): Operation[] {
    const parts = this.#parts;
    this.clear();
    const found = parts[0]?.id === batch.id ? parts.length : 0;
    if (found !== batch.parts) throw new WireError(`${found} of ${batch.parts} parts of ${batch.id} arrived`);
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part.payload);
    if (hash.digest('hex') !== batch.hash) throw new WireError(`the parts of ${batch.id} have another hash`);
    return parts.flatMap((part) => part.operations);
  }

  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}

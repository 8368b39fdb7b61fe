import { PartReader } from './parts.js';
import type { StoredMessage } from './streams.js';
import { LOG_PART } from './subjects.js';
import type { Commit } from './types.js';
import {
  type CommitMarker,
  decodeMarker,
  decodePart,
  joinedPart,
  type EpochMarker,
  type Marker,
  WireError,
  type WireOptions,
} from './wire.js';

/** What a message of the log amounts to, beside parts that wait for their marker. */
export type Arrival =
  | { readonly kind: 'commit'; readonly marker: CommitMarker; readonly commit: Commit }
  | { readonly kind: 'epoch'; readonly marker: EpochMarker }
  | { readonly kind: 'refused'; readonly reason: string };

/** Puts the messages of the log together to whole commits. */
export class Intake {
  readonly #parts = new PartReader();

  constructor(private readonly wire?: WireOptions) {}

  /** Nothing for a part: it counts when its marker arrives. */
  take(message: StoredMessage): Arrival | undefined {
    try {
      if (message.subject === LOG_PART) {
        this.#parts.add(decodePart(message.payload, this.wire));
        return undefined;
      }
      const part = joinedPart(message.payload);
      if (part) this.#parts.add(decodePart(part, this.wire));
      return this.#close(decodeMarker(message.payload, message.received, this.wire));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#parts.clear();
      return { kind: 'refused', reason: error.message };
    }
  }

  #close(marker: Marker): Arrival {
    if (marker.kind === 'epoch') return { kind: 'epoch', marker };
    if (marker.kind === 'snapshot') throw new WireError('a snapshot in the log');
    const { kind, batch, ...head } = marker;
    const operations = this.#parts.take(batch);
    return { kind, marker, commit: { ...head, operations } };
  }
}

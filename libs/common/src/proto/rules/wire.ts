/** One field of an encoded message: a number, or bytes. */
export interface WireField {
  readonly number: number;
  readonly value: number | Uint8Array;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * The fields of an encoded message, in order. Throws a RangeError where the bytes are none.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function* wireFields(bytes: Uint8Array): IterableIterator<WireField> {
  const reader = new WireReader(bytes);
  while (reader.more) {
    const tag = reader.varint();
    yield { number: Math.floor(tag / 8), value: reader.value(tag % 8) };
  }
}

/** The varints of a packed field. */
export function* packedVarints(bytes: Uint8Array): IterableIterator<number> {
  const reader = new WireReader(bytes);
  while (reader.more) yield reader.varint();
}

class WireReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get more(): boolean {
    return this.at < this.bytes.length;
  }

  /** Exact up to 2^53; a negative number is a large one. */
  varint(): number {
    let [result, factor] = [0, 1];
    for (;;) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new RangeError('the message ends in the middle of a number');
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result;
      factor *= 128;
    }
  }

  value(wireType: number): number | Uint8Array {
    if (wireType === VARINT) return this.varint();
    if (wireType === BYTES) return this.take(this.varint());
    if (wireType === FIXED64) return this.double(8);
    if (wireType === FIXED32) return this.double(4);
    throw new RangeError(`there is no wire type ${wireType}`);
  }

  private take(length: number): Uint8Array {
    const start = this.at;
    this.at += length;
    if (this.at > this.bytes.length) throw new RangeError('the message ends in the middle of a field');
    return this.bytes.subarray(start, this.at);
  }

  private double(length: 4 | 8): number {
    const { buffer, byteOffset } = this.take(length);
    const view = new DataView(buffer, byteOffset, length);
    return length === 8 ? view.getFloat64(0, true) : view.getFloat32(0, true);
  }
}

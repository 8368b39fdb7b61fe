/**
 * Protobuf's wire format, as much as SDS and Citadel's API need. The protobuf runtime that the services use costs an
 * agent 6.5 MB of memory, and there is an agent beside every workload; the specs hold this against the generated code.
 */

/** A field as it stands on the wire: a number for the scalar wire types, bytes for what carries a length. */
export interface WireField {
  readonly number: number;
  readonly value: Uint8Array | number;
}

/** The bytes are no protobuf message. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The fields of a message in the order of the wire. Unknown ones are the caller's to skip. */
export function* readFields(message: Uint8Array): Generator<WireField> {
  const reader = new Reader(message);
  while (!reader.done) {
    const tag = reader.varint();
    yield { number: Math.floor(tag / 8), value: reader.value(tag % 8) };
  }
}

/** UTF-8 text of a field; a MalformedMessage where the field is no text. */
export function textOf(field: WireField): string {
  return Buffer.from(bytesOf(field)).toString('utf8');
}

/** Bytes of a field that carries a length; a MalformedMessage where it is a scalar. */
export function bytesOf({ value, number }: WireField): Uint8Array {
  if (typeof value === 'number') throw new MalformedMessage(`field ${number} is a scalar`);
  return value;
}

/** A text, bytes or message field; nothing where the value is empty, as proto3 has it. */
export function field(number: number, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  if (bytes.length === 0) return bytes;
  return Buffer.concat([varint(number * 8 + WIRE.bytes), varint(bytes.length), bytes]);
}

/** A non-negative integer field; nothing for 0, as proto3 has it. */
export function integerField(number: number, value: number): Uint8Array {
  if (value === 0) return new Uint8Array();
  return Buffer.concat([varint(number * 8 + WIRE.varint), varint(value)]);
}

/** A message is nothing but its fields, one after the other. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Uint8Array.from([...bytes, rest]);
}

class Reader {
  private offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.offset >= this.bytes.length;
  }

  /** Values above 2^53 lose precision; nothing that is read here comes near. */
  varint(): number {
    let value = 0;
    for (let factor = 1, length = 0; length < 10; factor *= 0x80, length += 1) {
      const byte = this.take(1)[0] ?? 0;
      value += (byte % 0x80) * factor;
      if (byte < 0x80) return value;
    }
    throw new MalformedMessage('an integer of more than 10 bytes');
  }

  value(wireType: number): Uint8Array | number {
    if (wireType === WIRE.varint) return this.varint();
    if (wireType === WIRE.bytes) return this.take(this.varint());
    if (wireType === WIRE.fixed64) return this.skip(8);
    if (wireType === WIRE.fixed32) return this.skip(4);
    throw new MalformedMessage(`wire type ${wireType}`);
  }

  private take(length: number): Uint8Array {
    const end = this.offset + length;
    if (end > this.bytes.length) throw new MalformedMessage('the message ends within a field');
    const taken = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return taken;
  }

  /** Fixed-width fields occur in messages that are read here only as fields to ignore. */
  private skip(length: number): number {
    this.take(length);
    return 0;
  }
}

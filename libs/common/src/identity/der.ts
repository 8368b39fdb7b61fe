/**
 * DER (X.690) for the few shapes that certificates and their requests have. A library would do, but the usual ones
 * cost more to load than an agent may, and more per certificate than a CA on one core may.
 */

/** Identifier octets. Context-specific ones are `contextTag(n)`, constructed or not. */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OID: 0x06,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** The identifier octet of `[n]`. */
export function contextTag(n: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | n;
}

/** One element from its tag and its parts, in order. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const head = header(tag, length);
  return Buffer.concat([head, ...parts], head.length + length);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(Tag.SEQUENCE, ...parts);
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return element(Tag.SET, ...parts);
}

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const magnitude = bytes.subarray(start);
  const sign = (magnitude[0] ?? 0) & 0x80 ? [Buffer.of(0)] : [];
  return element(Tag.INTEGER, ...sign, magnitude);
}

/** A bit string of whole bytes, or one whose last byte has unused bits. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return element(Tag.BIT_STRING, Buffer.of(unusedBits), bytes);
}

export function octetString(...parts: readonly Uint8Array[]): Buffer {
  return element(Tag.OCTET_STRING, ...parts);
}

export function boolean(value: boolean): Buffer {
  return Buffer.of(Tag.BOOLEAN, 1, value ? 0xff : 0);
}

export function utf8String(text: string): Buffer {
  return element(Tag.UTF8_STRING, Buffer.from(text, 'utf8'));
}

/** An object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(Tag.OID, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime up to 2049, GeneralizedTime after, as RFC 5280 section 4.1.2.5 wants it. Whole seconds, UTC. */
export function time(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replace(/[-:T]|\.\d+/g, '');
  if (digits < '2050') return element(Tag.UTC_TIME, Buffer.from(digits.slice(2), 'latin1'));
  return element(Tag.GENERALIZED_TIME, Buffer.from(digits, 'latin1'));
}

/** What {@link parse} throws: the bytes are not the DER that was asked for. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** A parsed element; both buffers are views of the input. */
export interface Element {
  readonly tag: number;
  readonly contents: Buffer;
  /** With tag and length: what signatures cover. */
  readonly raw: Buffer;
}

/** Reads the one element that the bytes are. Throws a {@link DerError}, also on anything behind it. */
export function parse(bytes: Buffer, tag?: number): Element {
  const found = readAt(bytes, 0);
  if (found.raw.length !== bytes.length) throw new DerError('bytes behind the element');
  return expectTag(found, tag);
}

/** The elements inside a constructed one, not deeper. Throws a {@link DerError}. */
export function children(parent: Element): Element[] {
  const found: Element[] = [];
  for (let offset = 0; offset < parent.contents.length; offset += found.at(-1)!.raw.length) {
    found.push(readAt(parent.contents, offset));
  }
  return found;
}

/** The element, if it is there and has this tag. Throws a {@link DerError} otherwise. */
export function expectTag(found: Element | undefined, tag?: number): Element {
  if (!found) throw new DerError('an element is missing');
  if (tag !== undefined && found.tag !== tag) throw new DerError(`tag ${found.tag} in place of ${tag}`);
  return found;
}

/** The dotted form of an OID element. Throws a {@link DerError}. */
export function oidText(found: Element | undefined): string {
  const { contents } = expectTag(found, Tag.OID);
  if (contents.length === 0 || contents.length > 64) throw new DerError('an OID of no sensible length');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of contents) {
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError('an OID arc that is too large');
    if (byte & 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  if (contents.at(-1)! & 0x80) throw new DerError('an OID that stops in the middle');
  const [head = 0, ...rest] = arcs;
  const first = Math.min(2, Math.floor(head / 40));
  return [first, head - first * 40, ...rest].join('.');
}

function readAt(bytes: Buffer, start: number): Element {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw new DerError('the bytes end in the middle');
  if ((tag & 0x1f) === 0x1f) throw new DerError('a tag of several bytes');
  const { length, from } = readLength(bytes, start + 1, first);
  const end = from + length;
  if (end > bytes.length) throw new DerError('the bytes end in the middle');
  return { tag, contents: bytes.subarray(from, end), raw: bytes.subarray(start, end) };
}

/** Definite, minimal, at most 24 bits: everything else is BER, or not meant well. */
function readLength(bytes: Buffer, at: number, first: number): { length: number; from: number } {
  if (first < 0x80) return { length: first, from: at + 1 };
  const size = first & 0x7f;
  if (size === 0 || size > 3 || at + 1 + size > bytes.length)
    throw new DerError('a length that DER does not know');
  const length = bytes.readUIntBE(at + 1, size);
  if (length < 0x80 || length < 1 << (8 * (size - 1))) throw new DerError('a length that is not minimal');
  return { length, from: at + 1 + size };
}

function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.of(tag, length);
  if (length < 0x100) return Buffer.of(tag, 0x81, length);
  if (length < 0x10000) return Buffer.of(tag, 0x82, length >> 8, length & 0xff);
  return Buffer.of(tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
}

function base128(arc: number): number[] {
  const digits = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift(0x80 | (rest % 128));
  return digits;
}

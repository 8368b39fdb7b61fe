/** DER (X.690) for the few shapes that certificates and their requests have: bytes in, bytes out, by node-forge. */
import type { asn1 as Asn1 } from 'node-forge';
import { asn1 } from './forge.js';

/** Twice what the deepest request nests; node-forge reads by recursion. */
const MAX_DEPTH = 32;
/** The low bits of an identifier octet that is continued, which node-forge takes for a type. */
const LONG_TAG = 0x1f;

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
  // The whole identifier as class: by type, node-forge would change the contents of some.
  return toBuffer(asn1.toDer(asn1.create(tag, 0, false, latin1(Buffer.concat(parts)))).getBytes());
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(Tag.SEQUENCE, ...parts);
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return element(Tag.SET, ...parts);
}

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  // node-forge drops one zero that is not needed; a random serial may start with more.
  const start = bytes.findIndex((byte) => byte !== 0);
  const magnitude = latin1(start < 0 ? Buffer.of(0) : bytes.subarray(start));
  return toBuffer(asn1.toDer(asn1.create(0, Tag.INTEGER, false, `\0${magnitude}`)).getBytes());
}

/** A bit string of whole bytes, or one whose last byte has unused bits. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return element(Tag.BIT_STRING, Buffer.of(unusedBits), bytes);
}

export function octetString(...parts: readonly Uint8Array[]): Buffer {
  return element(Tag.OCTET_STRING, ...parts);
}

export function boolean(value: boolean): Buffer {
  return element(Tag.BOOLEAN, Buffer.of(value ? 0xff : 0));
}

export function utf8String(text: string): Buffer {
  return element(Tag.UTF8_STRING, Buffer.from(text, 'utf8'));
}

/** An object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  return element(Tag.OID, toBuffer(asn1.oidToDer(dotted).getBytes()));
}

/** UTCTime up to 2049, GeneralizedTime after, as RFC 5280 section 4.1.2.5 wants it. Whole seconds, UTC. */
export function time(epochMs: number): Buffer {
  const date = new Date(epochMs);
  if (date.getUTCFullYear() < 2050) return element(Tag.UTC_TIME, toBuffer(asn1.dateToUtcTime(date)));
  return element(Tag.GENERALIZED_TIME, toBuffer(asn1.dateToGeneralizedTime(date)));
}

/** What {@link parse} throws: the bytes are not the DER that was asked for. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** A parsed element. */
export class Element {
  constructor(private readonly node: Asn1.Asn1) {}

  /** The identifier octet. */
  get tag(): number {
    return this.node.tagClass | (this.node.constructed ? 0x20 : 0) | this.node.type;
  }

  /** What a primitive element holds. Throws a {@link DerError} for a constructed one. */
  get contents(): Buffer {
    if (typeof this.node.value !== 'string') throw new DerError('a constructed element in place of a value');
    return toBuffer(this.node.value);
  }

  /** With tag and length: what signatures cover. The very bytes that were read, as {@link parse} made sure. */
  get raw(): Buffer {
    return toBuffer(asn1.toDer(this.node).getBytes());
  }

  /** The elements inside a constructed one, not deeper. Throws a {@link DerError} for a primitive one. */
  get children(): Element[] {
    if (typeof this.node.value === 'string') throw new DerError('a value in place of a constructed element');
    return this.node.value.map((node) => new Element(node));
  }
}

/** Reads the one element that the bytes are. Throws a {@link DerError}, also on anything behind it. */
export function parse(bytes: Buffer, tag?: number): Element {
  const text = latin1(bytes);
  const node = orDerError(() =>
    asn1.fromDer(text, { strict: true, decodeBitStrings: false, maxDepth: MAX_DEPTH }),
  );
  refuseLongTags(node);
  // node-forge reads BER: lengths without an end, or longer than need be. What DER has two ways for, it writes one.
  if (asn1.toDer(node).getBytes() !== text) throw new DerError('BER that is not DER');
  return expectTag(new Element(node), tag);
}

/** The elements inside a constructed one, not deeper. Throws a {@link DerError}. */
export function children(parent: Element): Element[] {
  return parent.children;
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
  // node-forge would leave out the arc that is cut short, and so take it for another OID.
  if (contents.at(-1)! & 0x80) throw new DerError('an OID that stops in the middle');
  return orDerError(() => asn1.derToOid(latin1(contents)));
}

function refuseLongTags({ type, value }: Asn1.Asn1): void {
  if ((type as number) === LONG_TAG) throw new DerError('a tag of several bytes');
  if (typeof value !== 'string') value.forEach(refuseLongTags);
}

function orDerError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new DerError((error as Error).message, { cause: error });
  }
}

/** node-forge keeps bytes in strings, a character each. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function toBuffer(bytes: string): Buffer {
  return Buffer.from(bytes, 'latin1');
}

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  DerError,
  bitString,
  boolean,
  children,
  element,
  integer,
  oid,
  oidText,
  parse,
  sequence,
  Tag,
  time,
} from './der.js';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('writing', () => {
  it.each([
    ['a small integer', integer(Buffer.of(5)), '020105'],
    ['zero', integer(Buffer.of(0)), '020100'],
    ['an integer with leading zeros', integer(Buffer.of(0, 0, 5)), '020105'],
    ['an integer whose top bit is set', integer(Buffer.of(0x80)), '02020080'],
    ['true', boolean(true), '0101ff'],
    ['bits', bitString(Buffer.of(0b1010_0000), 5), '030205a0'],
    ['an OID', oid('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['an OID of the third arc', oid('2.5.29.17'), '0603551d11'],
  ])('writes %s', (_, bytes, expected) => {
    expect(bytes.toString('hex')).toBe(expected);
  });

  it('changes from UTCTime to GeneralizedTime with the year 2050', () => {
    expect(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1')).toBe('\x17\x0d491231235959Z');
    expect(time(Date.UTC(2050, 0, 1)).toString('latin1')).toBe('\x18\x0f20500101000000Z');
  });

  it.each([0, 127, 128, 255, 256, 65_535, 65_536, 1_000_000])('reads back an element of %d bytes', (size) => {
    const contents = Buffer.alloc(size, 7);
    const found = parse(element(Tag.OCTET_STRING, contents), Tag.OCTET_STRING);
    expect(found.contents.equals(contents)).toBe(true);
  });
});

describe('reading', () => {
  it.each([
    ['nothing', ''],
    ['half a header', '30'],
    ['an element that is cut short', '3005020101'],
    ['bytes behind the element', '020101ff'],
    ['an indefinite length', '3080020101 0000'.replace(' ', '')],
    ['a length that is not minimal', '02810101'],
    ['a long length that is not minimal', '0282000101'],
    ['a length of five bytes', '02850000000001aa'],
    ['a tag of several bytes', '1f8101020101'],
  ])('refuses %s', (_, bytes) => {
    expect(() => parse(hex(bytes))).toThrow(DerError);
  });

  it.each(['0600', '06022a86', '060a2affffffffffffffff7f'])('refuses the OID %s', (bytes) => {
    expect(() => oidText(parse(hex(bytes)))).toThrow(DerError);
  });

  it('reads back every OID it writes', () => {
    const arcs = fc.array(fc.nat(2 ** 31), { maxLength: 8 });
    const property = fc.property(fc.nat(2), fc.nat(39), arcs, (first, second, rest) => {
      const dotted = [first, second, ...rest].join('.');
      expect(oidText(parse(oid(dotted)))).toBe(dotted);
    });
    fc.assert(property);
  });

  it('either reads bytes or says that they are not DER', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        const found = parse(sequence(bytes));
        const inside = children(found).map(({ raw }) => raw);
        expect(Buffer.concat(inside).equals(Buffer.from(bytes))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(DerError);
      }
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { field, integerField, MalformedMessage, message, readFields, textOf } from './protobuf.js';

describe('protobuf', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1 << 20 }),
        fc.string({ minLength: 1, unit: 'binary' }),
        (number, value) => {
          const [read] = [...readFields(field(number, value))];
          expect([read!.number, textOf(read!)]).toEqual([number, Buffer.from(value).toString('utf8')]);
        },
      ),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (value) => {
        expect([...readFields(integerField(3, value))]).toEqual([{ number: 3, value }]);
      }),
    );
  });

  it('writes nothing for a default', () => {
    expect(message(field(1, ''), integerField(2, 0))).toHaveLength(0);
  });

  it('steps over fixed-width fields', () => {
    const wire = Buffer.concat([
      Buffer.from([0x0d, 1, 2, 3, 4, 0x11, 1, 2, 3, 4, 5, 6, 7, 8]),
      field(3, 'x'),
    ]);
    expect([...readFields(wire)].map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it('answers any bytes with fields or with a MalformedMessage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          for (const read of readFields(bytes)) expect(typeof read.number).toBe('number');
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
    );
  });
});

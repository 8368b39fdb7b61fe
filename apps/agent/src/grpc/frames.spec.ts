import { describe, expect, it } from '@jest/globals';
import { frame, FrameReader } from './frames.js';

describe('FrameReader', () => {
  const messages = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('three'.repeat(50))];
  const wire = Buffer.concat(messages.map(frame));

  it.each([1, 2, 3, 7, wire.length])('reads messages that come in chunks of %d bytes', (size) => {
    const reader = new FrameReader(1_000);
    const read: Buffer[] = [];
    for (let at = 0; at < wire.length; at += size) read.push(...reader.read(wire.subarray(at, at + size)));
    expect(read).toEqual(messages);
  });

  it('refuses a message above the limit by its header', () => {
    expect(() => new FrameReader(10).read(frame(Buffer.alloc(11)).subarray(0, 5))).toThrow('the limit is 10');
  });

  it('refuses compression', () => {
    expect(() => new FrameReader(10).read(Buffer.from([1, 0, 0, 0, 0]))).toThrow('compression');
  });
});

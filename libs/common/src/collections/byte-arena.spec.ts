import { describe, expect, it } from '@jest/globals';
import { ByteArena } from './byte-arena.js';

describe('a byte arena', () => {
  it('keeps copies, each its own', () => {
    const arena = new ByteArena();
    const source = Buffer.from('first');
    const [first, second] = [arena.keep(source), arena.keep(Buffer.from('second'))];
    source.fill('x');
    second.fill('y');
    expect(first.toString()).toBe('first');
    expect(second.toString()).toBe('yyyyyy');
    expect(arena.keep(Buffer.alloc(0))).toHaveLength(0);
  });

  it('packs small ones into as few bytes as they need, and large ones alone', () => {
    const arena = new ByteArena();
    const small = Array.from({ length: 1_000 }, (_, n) => arena.keep(Buffer.alloc(100, n)));
    const bytes = [...new Set(small.map(({ buffer }) => buffer))].reduce(
      (sum, each) => sum + each.byteLength,
      0,
    );
    expect(bytes).toBeLessThan(110_000);
    const large = arena.keep(Buffer.alloc(5_000, 7));
    expect(large.buffer.byteLength).toBe(5_000);
    expect(small.every((each, n) => each.length === 100 && each[99] === n % 256)).toBe(true);
  });
});

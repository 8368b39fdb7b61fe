import { describe, expect, it } from '@jest/globals';
import { linesOf } from './lines.js';
import { Pending } from './pending.js';

describe('Pending', () => {
  it('keeps the last word on each object, in the order of the last words', () => {
    const pending = new Pending<number>();
    pending.add({ op: 'put', key: 'a', object: 1 });
    pending.add({ op: 'put', key: 'b', object: 1 });
    pending.add({ op: 'put', key: 'a', object: 2 });
    pending.add({ op: 'delete', key: 'b' });
    expect(pending.size).toBe(2);
    expect(pending.take()).toEqual([
      { op: 'put', key: 'a', object: 2 },
      { op: 'delete', key: 'b' },
    ]);
    expect(pending.take()).toEqual([]);
  });
});

describe('linesOf', () => {
  async function lines(...chunks: Buffer[]): Promise<string[]> {
    async function* stream() {
      yield* chunks;
    }
    const found: string[] = [];
    for await (const line of linesOf(stream())) found.push(line);
    return found;
  }

  it('finds lines wherever the chunks are cut, within a character too', async () => {
    const bytes = Buffer.from('{"a":"ü"}\n{"b":1}\n\n{"c"');
    for (let at = 0; at <= bytes.length; at += 1)
      expect(await lines(bytes.subarray(0, at), bytes.subarray(at))).toEqual(['{"a":"ü"}', '{"b":1}', '']);
  });

  it('refuses a line without end', async () => {
    const much = Array.from({ length: 17 }, () => Buffer.alloc(1024 * 1024, 'x'));
    await expect(lines(...much)).rejects.toThrow('a line of more than');
  });
});

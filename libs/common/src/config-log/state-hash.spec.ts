import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EMPTY_STATE_HASH, StateHash } from './state-hash.js';

const resources = fc.uniqueArray(fc.record({ key: fc.string(), content: fc.string({ unit: 'grapheme' }) }), {
  selector: ({ key }) => key,
});

function sha(text: string): bigint {
  return BigInt(`0x${createHash('sha256').update(text, 'utf8').digest('hex')}`);
}

describe('StateHash', () => {
  it('is the sum of sha256(key|content) modulo 2^256', () => {
    const hash = new StateHash();
    const entries = Array.from({ length: 9 }, (_, i) => [`g/K/ns/${i}`, `{"spec":"é${i}"}`] as const);
    for (const [key, content] of entries) hash.add(key, content);
    const sum = entries.reduce((total, [key, content]) => total + sha(`${key}|${content}`), 0n) % 2n ** 256n;
    expect(hash.toString()).toBe(sum.toString(16).padStart(64, '0'));
  });

  it('of nothing is zero', () => {
    expect(EMPTY_STATE_HASH).toBe('0'.repeat(64));
  });

  it('does not depend on order, and forgets what is taken away', () => {
    fc.assert(
      fc.property(resources, resources, (kept, gone) => {
        const there = new StateHash();
        const back = new StateHash();
        for (const { key, content } of [...kept, ...gone]) there.add(key, content);
        for (const { key, content } of [...gone].reverse()) there.remove(key, content);
        for (const { key, content } of [...kept].reverse()) back.add(key, content);
        expect(there.toString()).toBe(back.toString());
        expect(there.toString()).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });
});

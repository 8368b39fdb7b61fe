import { beforeEach, describe, expect, it } from '@jest/globals';
import { Forbidden } from './forbidden.js';

describe('what is forbidden', () => {
  let now: number;
  let forbidden: Forbidden;
  beforeEach(() => {
    now = 0;
    forbidden = new Forbidden(() => now);
  });

  it('is left alone for a while, each kind for itself, and told of in its first words', () => {
    expect(forbidden.refuse('Gateway', 'gateway a is forbidden')).toBe(true);
    expect([forbidden.has('Gateway'), forbidden.has('Sidecar')]).toEqual([true, false]);
    now = 30_000;
    expect(forbidden.has('Gateway')).toBe(false);
    expect(forbidden.refuse('Gateway', 'gateway b is forbidden')).toBe(false);
    expect(forbidden.has('Gateway')).toBe(true);
    expect(forbidden.messages).toEqual(['gateway a is forbidden']);
  });

  it('is forgotten where it is allowed, and where nobody tries any more', () => {
    forbidden.refuse('Gateway', 'gateways');
    forbidden.refuse('Sidecar', 'sidecars');
    forbidden.allow('Gateway');
    expect([forbidden.has('Gateway'), ...forbidden.messages]).toEqual([false, 'sidecars']);
    now = 60_000;
    expect(forbidden.messages).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Config } from '../../model/config.js';
import { seal } from './seal.js';

const content = (spec: object): string =>
  JSON.stringify({ labels: {}, annotations: {}, creationTimestamp: '', spec });
const config = (spec: object): Config => Config.decode('g/K/ns/n', content(spec));

describe('seal', () => {
  it('gives equal inputs equal keys', () => {
    expect(seal('T', { a: 1, c: config({ x: 1 }) }).key).toBe(seal('T', { a: 1, c: config({ x: 1 }) }).key);
  });

  it('sees every member, and the type', () => {
    const { key } = seal('T', { a: 1, list: ['x'], c: config({ x: 1 }) });
    expect(seal('U', { a: 1, list: ['x'], c: config({ x: 1 }) }).key).not.toBe(key);
    expect(seal('T', { a: 2, list: ['x'], c: config({ x: 1 }) }).key).not.toBe(key);
    expect(seal('T', { a: 1, list: ['y'], c: config({ x: 1 }) }).key).not.toBe(key);
    expect(seal('T', { a: 1, list: ['x'], c: config({ x: 2 }) }).key).not.toBe(key);
  });
});

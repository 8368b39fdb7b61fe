import { describe, expect, it } from '@jest/globals';
import type { HTTPMatchRequest } from '#config';
import { grpcMatches } from './match.js';

const TARGET = { host: 'a.default.svc.cluster.local', port: 80 };
const count = (match: HTTPMatchRequest): number => grpcMatches(match, TARGET).length;

describe('a match of calls', () => {
  it.each<[string, HTTPMatchRequest]>([
    ['another method', { method: { exact: 'GET' } }],
    ['another scheme', { scheme: { exact: 'https' } }],
    ['another authority', { authority: { regex: 'b.*' } }],
    ['a part of the authority', { authority: { regex: 'a' } }],
    ['a query', { queryParams: { a: { exact: 'b' } } }],
    ['claims', { headers: { '@request.auth.claims.group': { exact: 'a' } } }],
    ['claims that are missing', { withoutHeaders: { '@request.auth.claims.group': { exact: 'a' } } }],
  ])('never holds for %s', (_what, match) => expect(count(match)).toBe(0));

  it.each<[string, HTTPMatchRequest]>([
    ['everything', {}],
    ['the method of all calls', { method: { prefix: 'PO' } }],
    ['the authority with a port', { authority: { exact: `${TARGET.host}:80` } }],
    ['the authority without one', { authority: { exact: TARGET.host } }],
    ['a header that is not to be there', { withoutHeaders: { a: {}, b: {} } }],
  ])('is one for %s', (_what, match) => expect(count(match)).toBe(1));

  it('says all ways in which headers have no such value, but not without end', () => {
    const without = (size: number) => ({
      withoutHeaders: Object.fromEntries(Array.from({ length: size }, (_, n) => [`x-${n}`, { exact: 'a' }])),
    });
    expect([1, 2, 6, 7].map((size) => count(without(size)))).toEqual([2, 4, 64, 0]);
  });
});

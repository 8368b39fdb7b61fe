import { describe, expect, it } from '@jest/globals';
import { formatSpiffeId, parseSpiffeId, spiffeIdOfAltNames } from './spiffe.js';

const REVIEWS = { trustDomain: 'cluster.local', namespace: 'default', serviceAccount: 'bookinfo-reviews' };
const URI = 'spiffe://cluster.local/ns/default/sa/bookinfo-reviews';

describe('SPIFFE IDs', () => {
  it('are read as they are written', () => {
    expect(formatSpiffeId(REVIEWS)).toBe(URI);
    expect(parseSpiffeId(URI)).toEqual(REVIEWS);
  });

  it.each([
    'spiffe://cluster.local/ns/default/sa/',
    'spiffe://cluster.local/ns/default/sa/a/b',
    'spiffe://cluster.local/ns//sa/a',
    'spiffe:///ns/default/sa/a',
    'SPIFFE://cluster.local/ns/default/sa/a',
    'spiffe://Cluster.local/ns/default/sa/a',
    'spiffe://cluster.local/ns/default/sa/A',
    'spiffe://cluster.local/ns/default/sa/a?x',
    'spiffe://cluster.local/ns/default/sa/a#x',
    'spiffe://cluster.local/ns/default/sa/%61',
    'spiffe://cluster.local/ns/../sa/a',
    'spiffe://cluster.local/ns/default/sa/a\n',
    'spiffe://u@cluster.local/ns/default/sa/a',
    'spiffe://cluster.local:80/ns/default/sa/a',
    'https://cluster.local/ns/default/sa/a',
    `spiffe://cluster.local/ns/default/sa/${'a'.repeat(3_000)}`,
  ])('are not %j', (uri) => {
    expect(parseSpiffeId(uri)).toBeUndefined();
  });

  it('cannot be written with parts that could not be read', () => {
    expect(() => formatSpiffeId({ ...REVIEWS, namespace: 'a/sa/b' })).toThrow(RangeError);
  });
});

describe('the alternative names of a certificate', () => {
  it.each([
    [`URI:${URI}`, REVIEWS],
    [`DNS:reviews, URI:${URI}, IP Address:127.0.0.1`, REVIEWS],
    [undefined, undefined],
    ['DNS:reviews', undefined],
    [`URI:${URI}, URI:https://other`, undefined],
    [`DNS:"a, URI:${URI}"`, undefined],
    [`URI:"${URI}"`, undefined],
  ])('%j prove %j', (names, id) => {
    expect(spiffeIdOfAltNames(names)).toEqual(id);
  });
});

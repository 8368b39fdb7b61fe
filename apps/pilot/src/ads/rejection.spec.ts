import { describe, expect, it } from '@jest/globals';
import { ABSENT, type SentResponse } from './held.js';
import { blame, halves } from './rejection.js';

const response = (...names: string[]): SentResponse => ({
  nonce: '1',
  group: '',
  sentAt: 0,
  items: new Map(names.map((name) => [name, { next: ABSENT, previous: undefined }])),
});

describe('blame', () => {
  const clusters = response('outbound|80||a.com', 'outbound|80||a.com.au', 'outbound|80||b.com');

  it('finds whom Envoy names, whole names only', () => {
    const words = 'Error adding/updating cluster(s) outbound|80||a.com.au: circular reference';
    expect(blame(clusters, words, false)).toEqual(['outbound|80||a.com.au']);
    expect(blame(clusters, 'bad cluster outbound|80||a.com.', false)).toEqual(['outbound|80||a.com']);
  });

  it('names nobody where Envoy does not, unless there is only one', () => {
    expect(blame(clusters, 'missing ): (', false)).toEqual([]);
    expect(blame(clusters, 'missing ): (', true)).toHaveLength(3);
    expect(blame(response('80/a'), 'missing ): (', false)).toEqual(['80/a']);
  });
});

describe('halves', () => {
  it('loses nobody', () => {
    expect(halves(['a', 'b', 'c'])).toEqual([['a', 'b'], ['c']]);
    expect(halves(['a'])).toEqual([['a']]);
  });
});

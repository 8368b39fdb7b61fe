import { describe, expect, it } from '@jest/globals';
import { RevisionTraces } from './trace.js';

const head = (revision: number) => ({ revision, committedAt: undefined, receivedAt: revision });

describe('traces', () => {
  it('say when each revision was sent to a proxy, and when it had settled it', () => {
    const traces = new RevisionTraces();
    traces.begin(head(1), ['a', 'b']);
    traces.sent('a', 5);
    traces.begin(head(2), ['a']);
    traces.sent('a', 6);
    expect(traces.settled('a', 10)).toEqual([9, 8]);
    traces.sent('a', 11);
    expect(traces.settled('a', 12)).toEqual([]);
    expect([...traces.get(1)!.proxies]).toEqual([
      ['a', { sentAt: 5, ackedAt: 10 }],
      ['b', {}],
    ]);
    expect([...traces.get(2)!.proxies]).toEqual([['a', { sentAt: 6, ackedAt: 10 }]]);
  });

  it('of the last revisions are kept, settled or not', () => {
    const traces = new RevisionTraces();
    for (let revision = 1; revision <= 40; revision++) traces.begin(head(revision), ['stalled']);
    expect(traces.all().map(({ revision }) => revision)).toEqual(Array.from({ length: 32 }, (_, n) => n + 9));
    expect(traces.settled('stalled', 100)).toHaveLength(32);
  });

  it('begin anew for a revision that comes again', () => {
    const traces = new RevisionTraces();
    traces.begin(head(1), ['a', 'b']);
    traces.begin(head(1), ['b']);
    expect(traces.settled('a', 5)).toEqual([]);
    expect(traces.settled('b', 5)).toEqual([4]);
  });
});

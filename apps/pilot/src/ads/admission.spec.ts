import { describe, expect, it } from '@jest/globals';
import { Admission } from './admission.js';

describe('Admission', () => {
  it('lets so many in, and the next when one leaves, in order', () => {
    const admission = new Admission<string>(2, 1_000);
    const started: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) admission.enter(name, () => started.push(name), 0);
    expect(started).toEqual(['a', 'b']);
    expect(admission.waiting).toBe(2);
    admission.leave('b', 0);
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('does not start somebody who has gone', () => {
    const admission = new Admission<string>(1, 1_000);
    const started: string[] = [];
    for (const name of ['a', 'b', 'c']) admission.enter(name, () => started.push(name), 0);
    admission.leave('b', 0);
    admission.leave('a', 0);
    expect(started).toEqual(['a', 'c']);
  });

  it('does not let a slow newcomer keep others waiting', () => {
    const admission = new Admission<string>(1, 1_000);
    const started: string[] = [];
    for (const name of ['a', 'b']) admission.enter(name, () => started.push(name), 0);
    admission.expire(999);
    expect(started).toEqual(['a']);
    admission.expire(1_000);
    expect(started).toEqual(['a', 'b']);
  });
});

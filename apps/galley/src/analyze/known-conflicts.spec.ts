import { beforeEach, describe, expect, it } from '@jest/globals';
import { applyChanges, restoreSnapshot } from '../snapshot/snapshot.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import { virtualService } from '../pipeline.rig.js';
import { KnownConflicts } from './known-conflicts.js';

const KEY = 'networking.istio.io/VirtualService/default/second';

/** A file with a route of the same host for each name. */
function withFile(snapshot: Snapshot, ...names: string[]): Snapshot {
  const routes = names.map((name) => virtualService(name).replace(/(hosts:\n {2}- ).*/, '$1reviews'));
  const change = { kind: 'text', path: 'a.yaml', text: routes.join('---\n'), whole: true } as const;
  return applyChanges(snapshot, [change]).snapshot;
}

describe('known conflicts', () => {
  let now: number;
  let known: KnownConflicts;
  beforeEach(() => {
    now = 1_000;
    known = new KnownConflicts(() => now);
  });

  it('are those of the config as it was read last, at most once a second', () => {
    const one = withFile(restoreSnapshot([]), 'first');
    const two = withFile(one, 'first', 'second');
    expect([...known.refresh(one)]).toEqual([]);
    expect([...known.refresh(two)]).toEqual([]);
    now += 1_001;
    expect([...known.refresh(two)]).toEqual([KEY]);
    expect(known.of(KEY)).toMatchObject([{ code: 'IST0109', path: 'spec.hosts[0]', resource: KEY }]);
    now += 1_001;
    expect([...known.refresh(two)]).toEqual([]);
    expect([...known.refresh(withFile(two, 'second'))]).toEqual([KEY]);
    expect(known.of(KEY)).toEqual([]);
  });

  it('are read at once for somebody who waits, and told of to who asks for news nevertheless', () => {
    const one = withFile(restoreSnapshot([]), 'first');
    const two = withFile(one, 'first', 'second');
    known.read(one);
    known.read(two);
    expect(known.of(KEY)).toMatchObject([{ code: 'IST0109' }]);
    expect([...known.refresh(two)]).toEqual([KEY]);
    expect([...known.refresh(two)]).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { mintEpoch } from './epoch.js';
import { relate, Trail, wayTo } from './judge.js';
import type { CommitMarker } from './wire.js';

const older = mintEpoch(1_000);
const epoch = mintEpoch(2_000);
const newer = mintEpoch(3_000);
const stateHash = 'a'.repeat(64);
const state = { epoch, revision: 10, stateHash };

function marker(of: string, revision: number, previous: number): CommitMarker {
  const batch = { id: 'x', parts: 1, hash: stateHash };
  return { kind: 'commit', epoch: of, revision, previous, stateHash, batch, heldBack: [], time: '' };
}

describe('a marker', () => {
  it.each([
    ['follows', epoch, 11, 10],
    ['gap', epoch, 12, 11],
    ['known', epoch, 10, 9],
    ['known', epoch, 3, 2],
    ['older', older, 11, 10],
    ['newer', newer, 1, 0],
  ])('%s', (relation, of, revision, previous) => {
    expect(relate(state, marker(of, revision, previous))).toBe(relation);
  });
});

describe('the way to a head', () => {
  it.each([
    ['current', epoch, 10, stateHash, true],
    ['commits', epoch, 12, stateHash, true],
    ['snapshot', epoch, 12, stateHash, false],
    ['snapshot', epoch, 10, 'b'.repeat(64), false],
    ['wait', epoch, 9, stateHash, true],
    ['wait', older, 99, stateHash, true],
    ['snapshot', newer, 1, stateHash, true],
  ])('is %s', (way, of, revision, hash, trusted) => {
    expect(wayTo({ epoch: of, revision, stateHash: hash }, state, trusted)).toBe(way);
  });
});

describe('Trail', () => {
  it('tells a rewritten revision, within its epoch and as far back as it goes', () => {
    const trail = new Trail();
    for (let revision = 1; revision <= 2_000; revision += 1) trail.note({ epoch, revision, stateHash });
    const other = 'b'.repeat(64);
    expect(trail.contradicts({ epoch, revision: 1_500, stateHash: other })).toBe(true);
    expect(trail.contradicts({ epoch, revision: 1_500, stateHash })).toBe(false);
    expect(trail.contradicts({ epoch, revision: 3, stateHash: other })).toBe(false);
    expect(trail.contradicts({ epoch: newer, revision: 1_500, stateHash: other })).toBe(false);
  });
});

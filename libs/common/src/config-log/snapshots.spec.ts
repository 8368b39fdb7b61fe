import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../nats/log.js';
import { LiveState } from './live-state.js';
import { Snapshots } from './snapshots.js';
import type { WriterStreams } from './writer-streams.js';

const MB = 1024 * 1024;

/** Streams that take everything. */
function streams(): WriterStreams & { published: number } {
  const taken = {
    published: 0,
    publish: (messages: Iterable<unknown>): Promise<number> => {
      taken.published += 1;
      return Promise.resolve([...messages].length);
    },
    purgeBehind: () => Promise.resolve(),
  };
  return taken as unknown as WriterStreams & { published: number };
}

/** So many resources of 1 KB. */
function stateOf(resources: number): LiveState {
  const entries = Array.from({ length: resources }, (_, at) => {
    const content = JSON.stringify({ filler: String(at).padStart(1_000, '0') });
    const stored = { content, origin: { file: 'a.yaml', line: 1 } };
    return [`networking.istio.io/ServiceEntry/default/s-${at}`, stored] as const;
  });
  return new LiveState('epoch', 1, new Map(entries));
}

describe('snapshots', () => {
  let snapshots: Snapshots;
  beforeEach(() => {
    snapshots = new Snapshots({ now: () => 0, log: silentLog });
  });

  /** How many were made over so many commits of 1 KB. */
  async function over(commits: number, state: LiveState): Promise<number> {
    const taken = streams();
    for (let at = 0; at < commits; at++) {
      snapshots.count(1_024);
      snapshots.publishIfDue(taken, () => state, at);
      await snapshots.idle();
    }
    return taken.published;
  }

  it('come after 1 MB of commits where the config is small', async () => {
    expect(await over(4 * 1_024, stateOf(10))).toBe(4);
  });

  it('come after as many bytes as the last one took where it is large: a commit pays the same', async () => {
    const state = stateOf(4_096);
    await snapshots.publish(streams(), state, 0);
    expect(await over(4 * 1_024, state)).toBe(0);
    snapshots.count(2 * MB);
    expect(await over(1, state)).toBe(1);
  });

  it('come after 8,192 commits in any case', async () => {
    await snapshots.publish(streams(), stateOf(16_384), 0);
    expect(await over(8_191, stateOf(1))).toBe(0);
    expect(await over(1, stateOf(1))).toBe(1);
  });
});

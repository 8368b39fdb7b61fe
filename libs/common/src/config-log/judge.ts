import type { Commit } from './types.js';
import type { Marker } from './wire.js';

/** Where a state stands. */
export type Head = Pick<Commit, 'epoch' | 'revision' | 'stateHash'>;

/**
 * How a marker relates to the state that a reader holds: `follows` it, is `known` already, leaves a `gap`, belongs
 * to an `older` or a `newer` epoch.
 */
export type Relation = 'follows' | 'known' | 'gap' | 'older' | 'newer';

export function relate(state: Head, marker: Marker): Relation {
  if (marker.epoch < state.epoch) return 'older';
  if (marker.epoch > state.epoch) return 'newer';
  if (marker.revision <= state.revision) return 'known';
  return marker.kind === 'commit' && marker.previous === state.revision ? 'follows' : 'gap';
}

export function sameHead(a: Head, b: Head): boolean {
  return a.epoch === b.epoch && a.revision === b.revision && a.stateHash === b.stateHash;
}

/** How a reader gets from its state to the log's head. */
export type Way =
  /** It is there. */
  | 'current'
  /** By the commits after its own. */
  | 'commits'
  /** By the newest snapshot. */
  | 'snapshot'
  /** The log is behind it, put back or not yet brought up to date: its writer will see to that. */
  | 'wait';

/** @param trusted whether the log's marker at the reader's position is that of its state */
export function wayTo(head: Head, state: Head, trusted: boolean): Way {
  if (sameHead(head, state)) return 'current';
  if (head.epoch < state.epoch) return 'wait';
  if (head.epoch === state.epoch && head.revision < state.revision) return 'wait';
  return head.epoch === state.epoch && trusted ? 'commits' : 'snapshot';
}

const CAPACITY = 1_024;

/** State hashes of the last 1,024 revisions of one epoch; the oldest goes first. Tells a rewritten history. */
export class Trail {
  #epoch = '';
  readonly #hashes = new Map<number, string>();

  note({ epoch, revision, stateHash }: Head): void {
    if (epoch !== this.#epoch) this.#hashes.clear();
    this.#epoch = epoch;
    this.#hashes.set(revision, stateHash);
    const [oldest] = this.#hashes.keys();
    if (this.#hashes.size > CAPACITY && oldest !== undefined) this.#hashes.delete(oldest);
  }

  /** Whether this epoch had another state at that revision. */
  contradicts({ epoch, revision, stateHash }: Head): boolean {
    const known = epoch === this.#epoch ? this.#hashes.get(revision) : undefined;
    return known !== undefined && known !== stateHash;
  }
}

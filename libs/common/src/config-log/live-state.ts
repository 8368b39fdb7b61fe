import type { ResourceKey } from '#config';
import { NO_EPOCH } from './epoch.js';
import { StateHash } from './state-hash.js';
import type { Commit, ConfigState, Operation, StoredResource } from './types.js';

/** What operations would do to a state: computed first, adopted once everything about the commit is proven. */
export interface StagedChange {
  /** The new value per key, `undefined` where it goes away. */
  readonly values: ReadonlyMap<ResourceKey, StoredResource | undefined>;
  readonly hash: StateHash;
}

/** An operation that fits no state, such as an origin for a resource that is not there. */
export class OperationError extends Error {}

/**
 * The newest state, changed in place so that a commit costs what it touches. `resources` is a live view: whoever
 * needs a state that stands still takes a {@link copy}.
 */
export class LiveState implements ConfigState {
  epoch: string;
  revision: number;
  readonly #resources: Map<ResourceKey, StoredResource>;
  #hash: StateHash;
  #hashText: string;

  constructor(epoch: string, revision: number, resources: Map<ResourceKey, StoredResource>) {
    this.epoch = epoch;
    this.revision = revision;
    this.#resources = resources;
    this.#hash = StateHash.of(resources);
    this.#hashText = this.#hash.toString();
  }

  static empty(): LiveState {
    return new LiveState(NO_EPOCH, 0, new Map());
  }

  get resources(): ReadonlyMap<ResourceKey, StoredResource> {
    return this.#resources;
  }

  get stateHash(): string {
    return this.#hashText;
  }

  /** A state of its own; costs the number of resources, not their size, and no hashing. */
  copy(): LiveState {
    const copy = new LiveState(this.epoch, this.revision, new Map());
    for (const [key, value] of this.#resources) copy.#resources.set(key, value);
    copy.#hash = this.#hash.copy();
    copy.#hashText = this.#hashText;
    return copy;
  }

  /** @throws OperationError */
  stage(operations: readonly Operation[]): StagedChange {
    const values = new Map<ResourceKey, StoredResource | undefined>();
    const hash = this.#hash.copy();
    for (const operation of operations) {
      const { key } = operation;
      const before = values.has(key) ? values.get(key) : this.#resources.get(key);
      const after = changed(operation, before);
      values.set(key, after);
      if (before?.content === after?.content) continue;
      if (before) hash.remove(key, before.content);
      if (after) hash.add(key, after.content);
    }
    return { values, hash };
  }

  /** Makes a staged change real. */
  adopt(change: StagedChange, head: Pick<Commit, 'epoch' | 'revision'>): void {
    for (const [key, value] of change.values) {
      if (value) this.#resources.set(key, value);
      else this.#resources.delete(key);
    }
    this.#hash = change.hash;
    this.#hashText = change.hash.toString();
    this.epoch = head.epoch;
    this.revision = head.revision;
  }
}

/** Applies a commit that follows the state. False, and nothing done, where the result is not what the commit says. */
export function applyCommit(state: LiveState, commit: Commit): boolean {
  try {
    const change = state.stage(commit.operations);
    if (change.hash.toString() !== commit.stateHash) return false;
    state.adopt(change, commit);
    return true;
  } catch (error) {
    if (error instanceof OperationError) return false;
    throw error;
  }
}

function changed(operation: Operation, before: StoredResource | undefined): StoredResource | undefined {
  switch (operation.op) {
    case 'put':
      return { content: operation.content, origin: operation.origin };
    case 'delete':
      return undefined;
    case 'origin':
      if (!before) throw new OperationError(`an origin for ${operation.key}, which is not in the state`);
      return { content: before.content, origin: operation.origin };
  }
}

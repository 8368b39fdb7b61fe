import { mintEpoch, NO_EPOCH } from './epoch.js';
import type { Journal } from './journal.js';
import { MAX_COMMIT_BYTES, MAX_OPERATION_BYTES, operationBytes, ResourceTooLargeError } from './parts.js';
import { type Point, RecentCommits } from './recent-commits.js';
import type { LiveState } from './live-state.js';
import type { Commit, ConfigState, Operation } from './types.js';

/** What a writer is asked to write. */
export interface Proposal {
  readonly operations: readonly Operation[];
  readonly heldBack: Commit['heldBack'];
  /** See {@link Commit}. */
  readonly heard?: string;
}

const MAX_WAITING = 256;
const MAX_HELD_BACK = 500;
const MAX_HELD_BACK_MESSAGE = 300;

/**
 * What was accepted, whether or not the log has it yet. One change at a time; up to 256 wait, further ones are
 * refused.
 */
export class Accepted {
  readonly recent: RecentCommits;
  /** Where the journal stood when it was opened. */
  readonly opened: Pick<ConfigState, 'epoch' | 'revision'>;
  /** True while the epoch is known to nobody but this journal: it may still be announced as it is. */
  unannounced = false;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(
    private readonly journal: Journal,
    private readonly now: () => number,
  ) {
    this.recent = new RecentCommits(journal.from, journal.commits);
    const { epoch, revision } = journal.state;
    this.opened = { epoch, revision };
  }

  static async open(journal: Journal, now: () => number): Promise<Accepted> {
    const accepted = new Accepted(journal, now);
    if (journal.state.epoch === NO_EPOCH) await accepted.startEpoch();
    return accepted;
  }

  get state(): LiveState {
    return this.journal.state;
  }

  /**
   * Writes a change to the journal and makes it the state. Without operations nothing changes, and the answer is a
   * commit that does nothing.
   *
   * @throws ResourceTooLargeError, OperationError, or what the disk says; the state is then as before
   */
  async commit(proposal: Proposal): Promise<Commit> {
    return this.#exclusive(async () => {
      const { state } = this;
      const { operations } = proposal;
      const heldBack = bounded(proposal.heldBack);
      const time = new Date(this.now()).toISOString();
      const { epoch, revision: previous, stateHash } = state;
      if (operations.length === 0)
        return { epoch, revision: previous, previous, operations, stateHash, heldBack, time };
      checkSizes(operations);
      const change = state.stage(operations);
      const commit: Commit = {
        epoch,
        revision: previous + 1,
        previous,
        operations,
        stateHash: change.hash.toString(),
        heldBack,
        time,
        ...(proposal.heard !== undefined && { heard: proposal.heard }),
      };
      await this.journal.append(commit);
      state.adopt(change, commit);
      this.recent.push(commit);
      return commit;
    });
  }

  /**
   * Puts the state under an epoch and a revision larger than those given: the history before cannot be proven.
   *
   * @returns the state to announce, which stands still
   */
  async startEpoch(
    after: Pick<ConfigState, 'epoch' | 'revision'> = { epoch: NO_EPOCH, revision: 0 },
  ): Promise<LiveState> {
    return this.#exclusive(async () => {
      const { state } = this;
      const fresh = this.unannounced && state.epoch > after.epoch;
      const epoch = fresh ? state.epoch : mintEpoch(this.now(), larger(state.epoch, after.epoch));
      const revision =
        fresh && state.revision > after.revision
          ? state.revision
          : Math.max(state.revision, after.revision) + 1;
      await this.journal.move(epoch, revision);
      state.epoch = epoch;
      state.revision = revision;
      this.unannounced = true;
      this.recent.reset(pointOf(state));
      return state.copy();
    });
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.journal.close();
  }

  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING) throw new Error(`${MAX_WAITING} changes wait for the journal already`);
    this.#waiting += 1;
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined).finally(() => (this.#waiting -= 1));
    return mine;
  }
}

function pointOf({ revision, stateHash }: Point): Point {
  return { revision, stateHash };
}

function larger(a: string, b: string): string {
  return a > b ? a : b;
}

/** As much as fits the commit's marker: Galley's own diagnostics have the rest. */
function bounded(heldBack: Commit['heldBack']): Commit['heldBack'] {
  return heldBack
    .slice(0, MAX_HELD_BACK)
    .map(({ key, code, message }) => ({ key, code, message: message.slice(0, MAX_HELD_BACK_MESSAGE) }));
}

function checkSizes(operations: readonly Operation[]): void {
  let total = 0;
  for (const operation of operations) {
    if (operation.key.includes('|')) throw new Error(`a key must not hold "|": ${operation.key}`);
    const bytes = operationBytes(operation);
    if (bytes > MAX_OPERATION_BYTES) throw new ResourceTooLargeError(operation.key, bytes);
    total += bytes;
  }
  if (total > MAX_COMMIT_BYTES) throw new Error(`a commit of ${total} bytes, more than ${MAX_COMMIT_BYTES}`);
}

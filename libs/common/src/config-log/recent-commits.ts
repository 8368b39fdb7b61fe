import type { Commit } from './types.js';

/** A point that a writer's history went through. */
export type Point = Pick<Commit, 'revision' | 'stateHash'>;

const CAPACITY_COMMITS = 1_024;
const CAPACITY_BYTES = 64 * 1024 * 1024;

/**
 * The newest commits of one epoch: what a log that stayed behind still needs, and the proof that it is this
 * history's log. Capacity: 1,024 commits or 64 MB of content; when full the oldest goes, and a log that is further
 * behind gets a snapshot instead.
 */
export class RecentCommits {
  #start: Point;
  #commits: Commit[] = [];
  #bytes = 0;

  constructor(start: Point, commits: readonly Commit[] = []) {
    this.#start = start;
    for (const commit of commits) this.push(commit);
  }

  push(commit: Commit): void {
    this.#commits.push(commit);
    this.#bytes += size(commit);
    while (this.#commits.length > CAPACITY_COMMITS || this.#bytes > CAPACITY_BYTES) this.#drop();
  }

  /** Forgets everything before a new start. */
  reset(start: Point): void {
    this.#start = start;
    this.#commits = [];
    this.#bytes = 0;
  }

  /** Whether history went through this point, as far back as it is known. */
  proves(point: Point): boolean {
    return this.#points().some(
      ({ revision, stateHash }) => revision === point.revision && stateHash === point.stateHash,
    );
  }

  /** The commits after a revision; nothing where they are no longer known. */
  since(revision: number): readonly Commit[] | undefined {
    if (this.#start.revision === revision) return [...this.#commits];
    const index = this.#commits.findIndex((commit) => commit.revision === revision);
    return index < 0 ? undefined : this.#commits.slice(index + 1);
  }

  #points(): readonly Point[] {
    return [this.#start, ...this.#commits];
  }

  #drop(): void {
    const oldest = this.#commits.shift();
    if (!oldest) return;
    this.#bytes -= size(oldest);
    this.#start = { revision: oldest.revision, stateHash: oldest.stateHash };
  }
}

/** Characters of content, near enough to bytes. */
function size({ operations }: Commit): number {
  return operations.reduce(
    (sum, operation) => sum + (operation.op === 'put' ? operation.content.length : 0),
    0,
  );
}

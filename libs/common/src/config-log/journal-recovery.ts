import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResourceKey } from '#config';
import { NO_EPOCH } from './epoch.js';
import {
  type CommitLine,
  decodeLine,
  type HeadLine,
  JOURNAL_VERSION,
  type JournalLine,
} from './journal-lines.js';
import { applyCommit, LiveState } from './live-state.js';
import type { Commit, StoredResource } from './types.js';

/** What a journal's folder holds. */
export interface Recovered {
  readonly state: LiveState;
  /** Commits since the base, oldest first. */
  readonly commits: readonly Commit[];
  /** The state before the first of these commits, or the state itself where there are none. */
  readonly from: Pick<Commit, 'revision' | 'stateHash'>;
  /** Position in the log stream; 0 where unknown. */
  readonly sequence: number;
  readonly generation: number;
  readonly baseBytes: number;
  readonly tailBytes: number;
  /** What was lost, in words; empty where nothing was. */
  readonly damage: readonly string[];
}

export const BASE_FILE = 'base.jsonl';
const TAIL_FILE = /^tail-(\d+)\.jsonl$/;

export function tailFile(generation: number): string {
  return `tail-${generation}.jsonl`;
}

/** Generations of the tails that are in the folder, ascending. */
export async function tailGenerations(dir: string): Promise<number[]> {
  const names = await readdir(dir);
  const generations = names.flatMap((name) => {
    const match = TAIL_FILE.exec(name);
    return match ? [Number(match[1])] : [];
  });
  return generations.sort((a, b) => a - b);
}

/** Reads base and tails. Damage costs what it hit, never an error; unreadable folders and files do throw. */
export async function recover(dir: string): Promise<Recovered> {
  const recovery = new Recovery();
  const baseBytes = await recovery.readBase(dir);
  let tailBytes = 0;
  const generations = (await tailGenerations(dir)).filter((generation) => generation >= recovery.generation);
  for (const generation of generations) tailBytes += await recovery.readTail(dir, generation);
  return {
    ...recovery.result(),
    generation: generations.at(-1) ?? recovery.generation,
    baseBytes,
    tailBytes,
  };
}

class Recovery {
  generation = 0;
  #state = LiveState.empty();
  #sequence = 0;
  #commits: Commit[] = [];
  #from: Recovered['from'] | undefined;
  readonly #damage: string[] = [];
  /** False once resources of the base were lost: then no commit's hash can be right, and no epoch be claimed. */
  #exact = true;
  #torn = false;

  async readBase(dir: string): Promise<number> {
    const { lines, bytes } = await readLines(join(dir, BASE_FILE));
    if (bytes === 0) return 0;
    const [head, ...rest] = lines;
    const resources = new Map<ResourceKey, StoredResource>();
    let lost = 0;
    for (const line of rest) {
      if (line?.kind === 'resource') resources.set(line.key, { content: line.content, origin: line.origin });
      else lost += 1;
    }
    const base = head?.kind === 'base' && head.v === JOURNAL_VERSION ? head : undefined;
    this.#state = new LiveState(base?.epoch ?? NO_EPOCH, base?.revision ?? 0, resources);
    this.generation = base?.generation ?? 0;
    this.#sequence = base?.sequence ?? 0;
    if (base && base.resources === resources.size && base.stateHash === this.#state.stateHash) return bytes;
    const missing = base ? Math.max(base.resources - resources.size, 0) : lost;
    this.#exact = false;
    this.#damage.push(`${BASE_FILE}: ${base ? '' : 'its head is unreadable, '}${missing} resources lost`);
    return bytes;
  }

  async readTail(dir: string, generation: number): Promise<number> {
    const { lines, bytes } = await readLines(join(dir, tailFile(generation)));
    for (const [index, line] of lines.entries()) {
      if (this.#torn) break;
      const problem = line ? this.#follow(line) : 'a torn or changed line';
      if (problem === undefined) continue;
      this.#torn = true;
      this.#damage.push(`${tailFile(generation)} line ${index + 1}: ${problem}; what follows is lost`);
    }
    return bytes;
  }

  result(): Pick<Recovered, 'state' | 'commits' | 'from' | 'sequence' | 'damage'> {
    const state = this.#state;
    if (!this.#exact) state.epoch = NO_EPOCH;
    const whole = this.#exact && !this.#torn;
    const { revision, stateHash } = state;
    return {
      state,
      commits: this.#exact ? this.#commits : [],
      from: this.#from ?? { revision, stateHash },
      sequence: whole ? this.#sequence : 0,
      damage: this.#damage,
    };
  }

  /** Applies a line of the tail; says why where it cannot. */
  #follow(line: JournalLine): string | undefined {
    if (line.kind === 'head') return this.#head(line);
    if (line.kind === 'commit') return this.#exact ? this.#commit(line) : this.#salvage(line);
    return 'not a line of a tail';
  }

  #head(line: HeadLine): undefined {
    // A commit is no continuation of what an earlier epoch had.
    this.#commits = [];
    this.#from = undefined;
    this.#state.epoch = line.epoch;
    this.#state.revision = line.revision;
    this.#sequence = line.sequence;
  }

  #commit({ commit, sequence }: CommitLine): string | undefined {
    const state = this.#state;
    // A base that was written while commits went on may hold the first ones of its tail.
    if (commit.epoch === state.epoch && commit.revision <= state.revision) return undefined;
    if (commit.epoch !== state.epoch || commit.previous !== state.revision) {
      return `revision ${commit.revision} does not follow ${state.revision}`;
    }
    const { revision, stateHash } = state;
    if (!applyCommit(state, commit)) return `revision ${commit.revision} has another state hash`;
    this.#from ??= { revision, stateHash };
    this.#commits.push(commit);
    this.#sequence = sequence;
    return undefined;
  }

  /** Keeps what can be kept of a commit that follows a damaged base. */
  #salvage({ commit }: CommitLine): undefined {
    const state = this.#state;
    const fitting = commit.operations.filter(({ op, key }) => op !== 'origin' || state.resources.has(key));
    state.adopt(state.stage(fitting), commit);
  }
}

async function readLines(file: string): Promise<{ lines: (JournalLine | undefined)[]; bytes: number }> {
  const text = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const lines = text.toString('utf8').split('\n');
  // A whole file ends with a line end: what stands behind the last one is empty, or torn.
  if (lines.at(-1) === '') lines.pop();
  return { lines: lines.map(decodeLine), bytes: text.byteLength };
}

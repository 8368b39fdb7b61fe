import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { syncFolder } from '../files/index.js';
import { type Log, silentLog } from '../nats/log.js';
import { encodeLine, JOURNAL_VERSION, type JournalLine } from './journal-lines.js';
import { BASE_FILE, recover, type Recovered, tailFile, tailGenerations } from './journal-recovery.js';
import type { LiveState } from './live-state.js';
import type { Commit } from './types.js';

export interface JournalOptions {
  /** A folder of its own; made where it is missing, 0700. */
  readonly dir: string;
  /** A durable journal has each commit on the disk before append returns; else it survives the process, not the power. */
  readonly durable: boolean;
  readonly log?: Log;
}

/** A base is written again when its tail outgrows it, and this: small bases are not worth the trouble. */
const MIN_TAIL_BYTES = 1024 * 1024;
/** Bytes of a base written in one go; in between, others get their turn. */
const SLICE_BYTES = 256 * 1024;

/**
 * A state on disk: a base (all resources at one revision) and a tail of what came after, both lines of JSON with a
 * checksum. A commit costs one line. When the tail outgrows the base, a new base is written beside the traffic and
 * put in place by rename, so that there is a readable state at every instant.
 *
 * A base names its generation; tails of that generation and later ones follow it. A torn or changed line in a tail
 * loses what follows it, one in a base loses its resource; {@link damage} says so.
 */
export class Journal {
  /** Commits since the base that was found, oldest first. */
  readonly commits: readonly Commit[];
  /** The state before these commits, or the state itself where there are none. */
  readonly from: Recovered['from'];
  /** What was lost when it was opened, in words; empty where nothing was. */
  readonly damage: readonly string[];
  /** The recovered state. The owner adopts what it appends: bases are written from it. */
  state: LiveState;
  #sequence: number;
  #generation: number;
  #baseBytes: number;
  #tailBytes: number;
  #tail: FileHandle | undefined;
  /** Size of the current tail's file: where a failed write is cut off. */
  #tailEnd = 0;
  #baseWritten: Promise<void> = Promise.resolve();
  #basesPending = 0;
  #failed = false;
  readonly #log: Log;

  private constructor(
    private readonly options: JournalOptions,
    recovered: Recovered,
  ) {
    this.#log = options.log ?? silentLog;
    this.commits = recovered.commits;
    this.from = recovered.from;
    this.damage = recovered.damage;
    this.state = recovered.state;
    this.#sequence = recovered.sequence;
    this.#generation = recovered.generation;
    this.#baseBytes = recovered.baseBytes;
    this.#tailBytes = recovered.tailBytes;
  }

  /** Opens what is there. @throws where the folder cannot be read or written */
  static async open(options: JournalOptions): Promise<Journal> {
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    const journal = new Journal(options, await recover(options.dir));
    await journal.#openTail();
    if (journal.damage.length > 0) {
      journal.#log.error({ dir: options.dir, damage: journal.damage }, 'a journal was damaged');
      await journal.replace(journal.state, journal.#sequence);
      await journal.idle();
    }
    return journal;
  }

  /** Position in the log stream of what was appended last; 0 where unknown. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Adds a commit. @throws where the disk refuses it; the journal is then as before */
  async append(commit: Commit, sequence = 0): Promise<void> {
    await this.#write({ kind: 'commit', commit, sequence });
    this.#sequence = sequence;
  }

  /** Puts the same resources under another head. */
  async move(epoch: string, revision: number, sequence = 0): Promise<void> {
    await this.#write({ kind: 'head', epoch, revision, sequence });
    this.#sequence = sequence;
  }

  /**
   * Another state instead of this one: what is appended after this resolves follows it. It is on the disk once
   * {@link idle} resolves; until then a crash brings back the old one.
   */
  async replace(state: LiveState, sequence = 0): Promise<void> {
    this.state = state;
    this.#sequence = sequence;
    await this.#nextGeneration();
  }

  /** Resolves when no base is being written. */
  async idle(): Promise<void> {
    await this.#baseWritten;
  }

  async close(): Promise<void> {
    await this.idle();
    await this.#tail?.close();
    this.#tail = undefined;
  }

  async #write(line: JournalLine): Promise<void> {
    if (this.#failed || this.#outgrown()) await this.#nextGeneration();
    const tail = this.#tail;
    if (!tail) throw new Error('the journal is closed');
    const text = encodeLine(line);
    try {
      await tail.appendFile(text);
      if (this.options.durable) await tail.datasync();
    } catch (error) {
      await tail.truncate(this.#tailEnd).catch(() => (this.#failed = true));
      throw error;
    }
    const bytes = Buffer.byteLength(text);
    this.#tailEnd += bytes;
    this.#tailBytes += bytes;
  }

  #outgrown(): boolean {
    return this.#basesPending === 0 && this.#tailBytes > Math.max(this.#baseBytes, MIN_TAIL_BYTES);
  }

  async #openTail(): Promise<void> {
    const tail = await open(join(this.options.dir, tailFile(this.#generation)), 'a', 0o600);
    this.#tailEnd = (await tail.stat()).size;
    this.#tail = tail;
  }

  /** Resolves when the tail of the next generation took over; its base is written beside the traffic. */
  async #nextGeneration(): Promise<void> {
    const state = this.state.copy();
    const sequence = this.#sequence;
    const generation = ++this.#generation;
    const previous = this.#tail;
    await this.#openTail();
    await previous?.close();
    this.#tailBytes = 0;
    this.#failed = false;
    this.#basesPending += 1;
    this.#baseWritten = this.#baseWritten
      .then(() => this.#writeBase(state, sequence, generation))
      // The old base and all tails since are still the whole state: the next generation tries again.
      .catch((error: unknown) => this.#log.error({ err: error }, 'cannot write the base of a journal'))
      .finally(() => (this.#basesPending -= 1));
  }

  async #writeBase(state: LiveState, sequence: number, generation: number): Promise<void> {
    const { dir } = this.options;
    const draft = join(dir, `${BASE_FILE}.draft`);
    const file = await open(draft, 'w', 0o600);
    try {
      this.#baseBytes = await writeSlices(file, baseLines(state, sequence, generation));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(dir, BASE_FILE));
    await syncFolder(dir);
    for (const old of await tailGenerations(dir)) if (old < generation) await rm(join(dir, tailFile(old)));
  }
}

function* baseLines(state: LiveState, sequence: number, generation: number): Generator<JournalLine> {
  const { epoch, revision, stateHash, resources } = state;
  const size = resources.size;
  yield {
    kind: 'base',
    v: JOURNAL_VERSION,
    generation,
    epoch,
    revision,
    stateHash,
    resources: size,
    sequence,
  };
  for (const [key, { content, origin }] of resources) yield { kind: 'resource', key, content, origin };
}

async function writeSlices(file: FileHandle, lines: Iterable<JournalLine>): Promise<number> {
  let slice: string[] = [];
  let pending = 0;
  let total = 0;
  const flush = async (): Promise<void> => {
    const bytes = Buffer.from(slice.join(''));
    slice = [];
    pending = 0;
    total += bytes.byteLength;
    await file.appendFile(bytes);
    await nextTurn();
  };
  for (const line of lines) {
    const text = encodeLine(line);
    slice.push(text);
    pending += text.length;
    if (pending >= SLICE_BYTES) await flush();
  }
  await flush();
  return total;
}

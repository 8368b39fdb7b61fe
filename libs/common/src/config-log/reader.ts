import type { NatsConnection } from '@nats-io/transport-node';
import { type Log, silentLog } from '../nats/log.js';
import { Follower } from './follower.js';
import { Journal } from './journal.js';
import { Link } from './link.js';
import { LiveState } from './live-state.js';
import type { ConfigChange, ConfigState } from './types.js';
import type { WireOptions } from './wire.js';

export interface ConfigLogReaderOptions {
  /** Opens a NATS connection; the reader closes it. */
  readonly connect: () => Promise<NatsConnection>;
  /** Folder of its own, for the last good state. */
  readonly stateDir: string;
  readonly log?: Log;
  /** Milliseconds between two looks at the log's head; default 1,000. */
  readonly checkInterval?: number;
  /** The version to read as; other than the current one in tests of compatibility only. */
  readonly wire?: WireOptions;
}

/** Takes a change; the next one waits until it is done. What it throws is logged, and a `reset` follows. */
export type ChangeListener = (change: ConfigChange) => void | Promise<void>;

/**
 * Follows the config log. It hands on its last good state at once, with or without NATS (a `reset` with `stale`),
 * then a `reset` with the state of the log, then each commit as it comes. Where it finds a gap, a wrong hash or
 * another epoch, it takes a snapshot again, and a `reset` follows if that made a difference. It never gives up.
 */
export class ConfigLogReader {
  #journal: Journal | undefined;
  #follower: Follower | undefined;
  #running: Promise<void> | undefined;
  readonly #link: Link;
  readonly #log: Log;

  constructor(private readonly options: ConfigLogReaderOptions) {
    this.#log = options.log ?? silentLog;
    this.#link = new Link({ connect: options.connect, log: this.#log });
  }

  /** A live view: `resources` changes with the next commit. */
  get state(): ConfigState {
    return this.#journal?.state ?? LiveState.empty();
  }

  /** Whether the state is that of the log, as far as can be told: false while NATS is away, or before the first sight of it. */
  get live(): boolean {
    return this.#link.up && (this.#follower?.live ?? false);
  }

  /** Whether NATS is reached at this moment. */
  get connected(): boolean {
    return this.#link.up;
  }

  /**
   * Resolves once the saved state, if there is one, was handed on; the log follows when it is there.
   *
   * @throws where the folder cannot be used
   */
  async start(onChange: ChangeListener): Promise<void> {
    if (this.#running) throw new Error('the reader was started already');
    const { stateDir: dir, checkInterval, wire } = this.options;
    const journal = await Journal.open({ dir, durable: false, log: this.#log });
    this.#journal = journal;
    const follower = new Follower(journal, onChange, { log: this.#log, checkInterval, wire });
    this.#follower = follower;
    await follower.handOnSaved();
    this.#running = this.#link.run((session) => follower.work(session));
  }

  async stop(): Promise<void> {
    await this.#link.close();
    await this.#running;
    await this.#journal?.close();
  }
}

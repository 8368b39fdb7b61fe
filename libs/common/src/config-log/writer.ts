import type { NatsConnection } from '@nats-io/transport-node';
import { silentLog } from '../nats/log.js';
import { Accepted, type Proposal } from './accepted.js';
import { Journal } from './journal.js';
import { Link } from './link.js';
import { Publisher, type PublisherOptions } from './publisher.js';
import type { Commit, ConfigState } from './types.js';

export interface ConfigLogWriterOptions extends Partial<PublisherOptions> {
  /** Opens a NATS connection with the one credential that may write; the writer closes it. */
  readonly connect: () => Promise<NatsConnection>;
  /** Folder of its own. */
  readonly stateDir: string;
}

/**
 * The one writer of the config log. What it accepts is on its own disk before anybody hears of it, with or without
 * NATS; the log follows as soon as it can be reached.
 */
export class ConfigLogWriter {
  /** What could not be read of the state on disk, in words; empty where all is well. */
  readonly damage: readonly string[];
  readonly #running: Promise<void>;

  private constructor(
    private readonly accepted: Accepted,
    private readonly publisher: Publisher,
    private readonly link: Link,
    damage: readonly string[],
  ) {
    this.damage = damage;
    this.#running = link.run((session) => publisher.work(session));
  }

  /** Loads what was accepted before; does not wait for NATS. @throws where the folder cannot be used */
  static async open(options: ConfigLogWriterOptions): Promise<ConfigLogWriter> {
    const { connect, stateDir, now = Date.now, log = silentLog } = options;
    const journal = await Journal.open({ dir: stateDir, durable: true, log });
    const accepted = await Accepted.open(journal, now);
    const publisher = new Publisher(accepted, { ...options, now, log });
    return new ConfigLogWriter(accepted, publisher, new Link({ connect, log }), journal.damage);
  }

  /** What was accepted: a live view, `resources` changes with the next commit. */
  get state(): ConfigState {
    return this.accepted.state;
  }

  /** Whether NATS is reached at this moment. */
  get connected(): boolean {
    return this.link.up;
  }

  /**
   * Accepts a change: it is on the disk when this resolves, and on its way to the readers. Without operations
   * nothing is written, and the commit that comes back changes nothing.
   *
   * @throws ResourceTooLargeError, OperationError, or what the disk says; nothing has changed then
   */
  async commit(proposal: Proposal): Promise<Commit> {
    const commit = await this.accepted.commit(proposal);
    this.publisher.wake();
    return commit;
  }

  /** Resolves when the log has everything that is accepted now, which may take as long as NATS is away. */
  async published(): Promise<void> {
    await this.publisher.published();
  }

  /** Ends without waiting for NATS: what the log does not have yet is published after the next start. */
  async close(): Promise<void> {
    await this.link.close();
    await this.#running;
    await this.accepted.close();
  }
}

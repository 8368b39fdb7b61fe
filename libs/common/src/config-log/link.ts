import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Log } from '../nats/log.js';

/** One stretch of time in which the server is reached. */
export interface Session {
  readonly connection: NatsConnection;
  /** Aborts when the connection is lost or the link closes. */
  readonly signal: AbortSignal;
  /** The work got where it wanted: the next failure starts with the shortest pause again. */
  settled(): void;
}

export interface LinkOptions {
  /** Opens a connection of its own: the link closes it. */
  readonly connect: () => Promise<NatsConnection>;
  readonly log: Log;
}

/** Nothing is wrong, it is only too early. */
export class NotYet extends Error {}

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2_000;

/** Runs work against NATS again and again, for as long as it takes: connects, reconnects, backs off. */
export class Link {
  readonly #closing = new AbortController();
  #connection: NatsConnection | undefined;
  #up = false;
  #session: AbortController | undefined;
  #changed: () => void = () => undefined;
  #failures = 0;

  constructor(private readonly options: LinkOptions) {}

  /** Whether the server is reached at this moment. */
  get up(): boolean {
    return this.#up;
  }

  /** Calls `work` whenever the server is reached and the last call has ended, until {@link close}. */
  async run(work: (session: Session) => Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const connection = await this.#reach();
      if (!connection) continue;
      const abort = new AbortController();
      this.#session = abort;
      if (signal.aborted || !this.#up) abort.abort();
      try {
        await work({ connection, signal: abort.signal, settled: () => (this.#failures = 0) });
      } catch (error) {
        if (!abort.signal.aborted) this.#report(error);
      }
      if (!abort.signal.aborted) await this.#pause();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#session?.abort();
    this.#changed();
    await this.#connection?.close();
  }

  async #reach(): Promise<NatsConnection | undefined> {
    const open = this.#connection;
    if (!open || open.isClosed()) return this.#connect();
    if (this.#up) return open;
    await new Promise<void>((resolve) => (this.#changed = resolve));
    return undefined;
  }

  async #connect(): Promise<NatsConnection | undefined> {
    try {
      const connection = await this.#unlessClosed(this.options.connect());
      this.#connection = connection;
      this.#up = true;
      void this.#watch(connection);
      return connection;
    } catch (error) {
      const level = this.#failures === 0 ? 'warn' : 'debug';
      this.options.log[level]({ reason: String(error) }, 'config log: NATS is away');
      await this.#pause();
      return undefined;
    }
  }

  /** A connection that comes up after the link was closed is closed as well. */
  async #unlessClosed(connecting: Promise<NatsConnection>): Promise<NatsConnection> {
    const { signal } = this.#closing;
    const late = async (connection: NatsConnection): Promise<void> => {
      if (signal.aborted) await connection.close();
    };
    connecting.then(late).catch(() => undefined);
    return abortable(connecting, signal);
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.#turn(false);
      if (type === 'reconnect') this.#turn(true);
    }
    this.#turn(false);
  }

  #turn(up: boolean): void {
    this.#up = up;
    if (!up) this.#session?.abort(new Error('the connection to NATS was lost'));
    this.#failures = 0;
    this.#changed();
  }

  #report(error: unknown): void {
    const level = error instanceof NotYet ? 'debug' : 'warn';
    this.options.log[level]({ reason: String(error) }, 'config log: trying again');
  }

  async #pause(): Promise<void> {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    await sleep(pause * (0.75 + Math.random() / 2), undefined, { signal: this.#closing.signal }).catch(
      () => undefined,
    );
  }
}

/** The result of `work`, or a rejection as soon as `signal` aborts. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Work that nobody waits for any more may still fail.
  work.catch(() => undefined);
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

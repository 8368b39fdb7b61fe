import type { Consumer, JetStreamClient, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Session } from './link.js';
import { abortable, NotYet } from './link.js';
import { LOG_MARKER, LOG_STREAM, SNAPSHOT_MARKER, SNAPSHOT_STREAM } from './subjects.js';
import { decodeMarker, joinedPart, type Marker, type WireOptions } from './wire.js';

/** A message as a stream stores it. */
export interface StoredMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly sequence: number;
  /** RFC 3339, the server's clock. */
  readonly received: string;
}

/** A marker and where it stands in its stream. */
export interface Placed<M extends Marker = Marker> {
  readonly marker: M;
  readonly sequence: number;
  /** The part that came with it, if any. */
  readonly part?: Uint8Array;
}

/** One of the two streams as it is now. */
export interface StreamStatus {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** RFC 3339; another one means another stream of the same name. */
  readonly created: string;
}

export interface ReadOptions {
  readonly stream: string;
  readonly subject?: string;
  readonly from: number;
  /** Give up after so long without a message; never where absent. */
  readonly patienceMs?: number;
}

/** Messages that the server sends ahead of what was handled; each is at most 256 KB, or one large resource. */
const PREFETCH = 100;
const REQUEST_TIMEOUT_MS = 5_000;

/** The two streams of the config log, as a reader sees them: during one session, every call ends with it. */
export class LogStreams {
  protected readonly jetstream: JetStreamClient;

  protected constructor(
    protected readonly session: Session,
    protected readonly manager: JetStreamManager,
    protected readonly wire: WireOptions | undefined,
  ) {
    this.jetstream = jetstream(session.connection, { timeout: REQUEST_TIMEOUT_MS });
  }

  static async open(session: Session, wire?: WireOptions): Promise<LogStreams> {
    return new LogStreams(session, await openManager(session), wire);
  }

  /** The last marker of the log; nothing where it is empty. @throws WireError, NotYet where there is no log */
  async head(): Promise<Placed | undefined> {
    return this.#marker(LOG_STREAM, { last_by_subj: LOG_MARKER });
  }

  /** The log's marker at a sequence; nothing where there is none. @throws WireError */
  async markerAt(sequence: number): Promise<Placed | undefined> {
    return this.#marker(LOG_STREAM, { seq: sequence });
  }

  /** The newest complete snapshot. @throws WireError */
  async snapshot(): Promise<Placed | undefined> {
    return this.#marker(SNAPSHOT_STREAM, { last_by_subj: SNAPSHOT_MARKER });
  }

  /** Messages from a sequence on, in order and without gaps in delivery, until the caller or the session ends. */
  async *read(options: ReadOptions): AsyncGenerator<StoredMessage> {
    const consumer = await this.request(
      this.jetstream.consumers.get(options.stream, {
        opt_start_seq: options.from,
        ...(options.subject === undefined ? {} : { filter_subjects: options.subject }),
      }),
    );
    yield* this.#consume(consumer, options.patienceMs);
  }

  protected async request<T>(work: Promise<T>): Promise<T> {
    return abortable(work, this.session.signal);
  }

  async *#consume(consumer: Consumer, patienceMs: number | undefined): AsyncGenerator<StoredMessage> {
    const { signal } = this.session;
    const messages = await this.request(consumer.consume({ max_messages: PREFETCH }));
    const stop = (): void => messages.stop();
    signal.addEventListener('abort', stop, { once: true });
    let patience = patienceMs === undefined ? undefined : setTimeout(stop, patienceMs);
    try {
      for await (const message of messages) {
        patience?.refresh();
        const { subject, data, seq, timestamp } = message;
        yield { subject, payload: data, sequence: seq, received: timestamp };
      }
      signal.throwIfAborted();
    } finally {
      clearTimeout(patience);
      patience = undefined;
      signal.removeEventListener('abort', stop);
      messages.stop();
      if (!signal.aborted) consumer.delete().catch(() => undefined);
    }
  }

  async #marker(
    stream: string,
    query: { seq: number } | { last_by_subj: string },
  ): Promise<Placed | undefined> {
    const found = this.manager.direct.getMessage(stream, query).catch((error: unknown) => {
      // A stream that is missing looks like one that is not ready: neither says that the log is empty.
      throw isMissing(error) ? new NotYet(`the stream ${stream} cannot be read`) : error;
    });
    const message = await this.request(found);
    if (!message || ![LOG_MARKER, SNAPSHOT_MARKER].includes(message.subject)) return undefined;
    const { data, seq: sequence, timestamp } = message;
    return { marker: decodeMarker(data, timestamp, this.wire), sequence, part: joinedPart(data) };
  }
}

/** The API check would need a permission that readers have no other use for. */
export async function openManager(session: Session): Promise<JetStreamManager> {
  const options = { timeout: REQUEST_TIMEOUT_MS, checkAPI: false };
  return abortable(jetstreamManager(session.connection, options), session.signal);
}

/** Whether an error says that there is no such stream. */
export function isMissing(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === 'StreamNotFoundError' || name === 'NoRespondersError' || message === 'stream not found';
}

/** What both streams have in common. Their size is bounded by the writer, which purges what a snapshot replaces. */
export function streamConfig(name: string, subjects: string): Partial<StreamConfig> & { name: string } {
  return {
    name,
    subjects: [subjects],
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    allow_atomic: true,
    allow_direct: true,
  };
}

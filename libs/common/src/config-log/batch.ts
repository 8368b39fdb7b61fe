import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { headers } from '@nats-io/transport-node';

export interface OutgoingMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
}

export interface BatchOptions {
  /** Refuse the batch unless this is the stream's last sequence. */
  readonly expectedLastSequence?: number;
  /** Messages of one batch; the server takes 1,000. */
  readonly limit?: number;
  /** Let others have their turn after each message: for large batches that are in no hurry. */
  readonly gentle?: boolean;
}

/** The server refused a batch. `code` is JetStream's `err_code`: 10071 is a wrong last sequence. */
export class BatchRefusedError extends Error {
  constructor(
    readonly code: number,
    description: string,
  ) {
    super(`${description} (${code})`);
  }
}

/** @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-50.md */
const SERVER_LIMIT = 1_000;
const ACK_TIMEOUT_MS = 10_000;
/** Bytes handed to the connection before they are waited for: its buffer holds no more than this of a batch. */
const FLUSH_BYTES = 4 * 1024 * 1024;

/**
 * Publishes messages to one stream so that all of them are stored, in a row, or none. Where there are more than
 * the limit, each full batch is stored on its own: the last message must be the one that makes the others count.
 *
 * @returns the stream sequence of the last message
 * @throws BatchRefusedError; anything else means that the outcome is unknown
 */
export async function publishAtomic(
  connection: NatsConnection,
  messages: Iterable<OutgoingMessage>,
  options: BatchOptions = {},
): Promise<number> {
  const { limit = SERVER_LIMIT } = options;
  let expected = options.expectedLastSequence;
  let batch = new Batch(connection, expected);
  let held: OutgoingMessage | undefined;
  for (const message of messages) {
    if (held && batch.size === limit - 1) {
      expected = await batch.commit(held);
      batch = new Batch(connection, expected);
    } else if (held) await batch.add(held);
    held = message;
    if (options.gentle) await nextTurn();
  }
  if (!held) throw new Error('an empty batch');
  return batch.commit(held);
}

class Batch {
  size = 0;
  readonly #id = randomUUID();
  #unflushed = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly expected: number | undefined,
  ) {}

  async add({ subject, payload }: OutgoingMessage): Promise<void> {
    this.connection.publish(subject, payload, { headers: this.#headers() });
    this.#unflushed += payload.byteLength;
    if (this.#unflushed < FLUSH_BYTES) return;
    this.#unflushed = 0;
    await this.connection.flush();
  }

  async commit({ subject, payload }: OutgoingMessage): Promise<number> {
    const head = this.#headers();
    if (this.size === 1) {
      // One message is atomic by itself, and spares the server the staging of a batch.
      head.delete('Nats-Batch-Id');
      head.delete('Nats-Batch-Sequence');
    } else head.set('Nats-Batch-Commit', '1');
    const reply = await this.connection.request(subject, payload, { headers: head, timeout: ACK_TIMEOUT_MS });
    return acknowledged(reply.json());
  }

  #headers(): MsgHdrs {
    const head = headers();
    head.set('Nats-Batch-Id', this.#id);
    head.set('Nats-Batch-Sequence', String(++this.size));
    if (this.size === 1 && this.expected !== undefined) {
      head.set('Nats-Expected-Last-Sequence', String(this.expected));
    }
    return head;
  }
}

interface PublishReply {
  readonly seq?: number;
  readonly error?: { readonly err_code?: number; readonly code?: number; readonly description?: string };
}

function acknowledged(reply: PublishReply): number {
  const { error, seq } = reply;
  if (error) throw new BatchRefusedError(error.err_code ?? error.code ?? 0, error.description ?? 'refused');
  if (seq === undefined) throw new Error('the server acknowledged no sequence');
  return seq;
}

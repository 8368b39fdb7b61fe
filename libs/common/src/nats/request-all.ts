import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { errors } from '@nats-io/transport-node';

/** Bounds of one question to everybody. */
export interface RequestBounds {
  /** How long to collect answers. */
  readonly timeoutMs: number;
  /** Stop after so many answers; default 1,000. More than this is not kept. */
  readonly max?: number;
}

/** What Nest's NATS transport sends back. */
interface NestReply {
  readonly id?: string;
  readonly response?: unknown;
  readonly err?: unknown;
  readonly isDisposed?: boolean;
}

const DEFAULT_MAX_REPLIES = 1_000;

/** Nobody listens on the subject, or nobody answered in time. */
export class NoReplyError extends Error {}

/**
 * Asks everybody that listens on `subject` and collects the answers until the time is over. Speaks the wire format
 * of Nest's NATS transport: `{pattern, data, id}` out, `{response, isDisposed, id}` or `{err, id}` back. No
 * listener at all is an empty list, at once; an answer that is an error or no JSON is left out.
 */
export async function requestAll<T>(
  connection: NatsConnection,
  subject: string,
  data: unknown,
  bounds: RequestBounds,
): Promise<T[]> {
  const id = randomUUID();
  const packet = JSON.stringify({ pattern: subject, data, id });
  const max = bounds.max ?? DEFAULT_MAX_REPLIES;
  const options = {
    strategy: 'count',
    maxMessages: max,
    maxWait: bounds.timeoutMs,
    noMux: true,
  } as const;
  const answers: T[] = [];
  try {
    for await (const message of await connection.requestMany(subject, packet, options)) {
      const reply = parseReply(message.data);
      if (reply?.id === id && reply.response !== undefined && !reply.err) answers.push(reply.response as T);
      // What came in one piece with the last one that counts is there already.
      if (answers.length >= max) break;
    }
  } catch (error) {
    if (!(error instanceof errors.NoRespondersError)) throw error;
  }
  return answers;
}

/**
 * Asks one listener (of a queue group) on `subject`.
 *
 * @throws NoReplyError when nobody listens or nobody answers within `timeoutMs`; Error with the listener's words
 * when it refuses.
 */
export async function requestOne<T>(
  connection: NatsConnection,
  subject: string,
  data: unknown,
  bounds: Pick<RequestBounds, 'timeoutMs'>,
): Promise<T> {
  const id = randomUUID();
  const packet = JSON.stringify({ pattern: subject, data, id });
  const message = await connection
    .request(subject, packet, { timeout: bounds.timeoutMs })
    .catch((cause: unknown) => {
      throw new NoReplyError(`no reply from ${subject} within ${bounds.timeoutMs} ms`, { cause });
    });
  const reply = parseReply(message.data);
  if (!reply) throw new Error(`${subject} answered something that is not JSON`);
  if (reply.err) throw new Error(`${subject} refused: ${errorText(reply.err)}`);
  return reply.response as T;
}

function errorText(err: unknown): string {
  if (typeof err === 'string') return err;
  const message = (err as { message?: unknown }).message;
  return typeof message === 'string' ? message : JSON.stringify(err);
}

function parseReply(data: Uint8Array): NestReply | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(data));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

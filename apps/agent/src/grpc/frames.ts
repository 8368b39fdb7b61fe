import { GrpcError, STATUS } from './status.js';

const HEADER_BYTES = 5;

/** A message as gRPC frames it: one byte for the compression (none), four for the length. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEADER_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, HEADER_BYTES);
  return framed;
}

/** Cuts a byte stream into messages. Holds at most one message of `limit` bytes; a longer one is refused unread. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private buffered = 0;

  constructor(private readonly limit: number) {}

  /** The messages that this chunk completes; throws a GrpcError where the stream breaks the rules. */
  read(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    const messages: Buffer[] = [];
    for (let next = this.next(); next !== undefined; next = this.next()) messages.push(next);
    return messages;
  }

  private next(): Buffer | undefined {
    if (this.buffered < HEADER_BYTES) return undefined;
    const length = this.lengthOfNext();
    if (this.buffered < HEADER_BYTES + length) return undefined;
    const bytes = this.joined();
    this.chunks = [bytes.subarray(HEADER_BYTES + length)];
    this.buffered -= HEADER_BYTES + length;
    return bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  }

  private lengthOfNext(): number {
    if ((this.chunks[0]?.length ?? 0) < HEADER_BYTES) this.joined();
    const head = this.chunks[0] as Buffer;
    const length = head.readUInt32BE(1);
    if (length > this.limit) {
      throw new GrpcError(
        STATUS.resourceExhausted,
        `a message of ${length} bytes, the limit is ${this.limit}`,
      );
    }
    if (head[0] !== 0) throw new GrpcError(STATUS.unimplemented, 'compression is not supported');
    return length;
  }

  private joined(): Buffer {
    const bytes = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
    this.chunks = [bytes];
    return bytes;
  }
}

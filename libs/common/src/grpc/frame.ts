import type { ServerInterceptor } from '@grpc/grpc-js';

/** Before each message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

const frames = new WeakMap<object, Buffer>();

/**
 * Puts a message together behind gRPC's prefix, so that it goes out as it is, to any number of peers: grpc-js would
 * copy it for each of them.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function framedMessage(parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(length, 1);
  let at = PREFIX_BYTES;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  const message = frame.subarray(PREFIX_BYTES);
  frames.set(message, frame);
  return message;
}

/** The part of a call of grpc-js that puts the prefix before a message. */
interface Framing {
  serializeMessage?: (message: object) => Buffer;
}

/** Lets framed messages through without a copy; where grpc-js should no longer work like this, they are copied. */
export const withoutCopies: ServerInterceptor = (method, call) => {
  const framing = call as Framing;
  const copy = framing.serializeMessage?.bind(call);
  if (method.responseStream && copy)
    framing.serializeMessage = (message) => frames.get(message) ?? copy(message);
  // It stands for an interceptor that does nothing, and costs as much.
  return call as ReturnType<ServerInterceptor>;
};

import { createServer, type Http2Server, type ServerHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { frame, FrameReader } from './frames.js';
import { MalformedMessage } from './protobuf.js';
import { encodeStatusMessage, GrpcError, STATUS } from './status.js';

/** The server's side of one stream. After `finish`, or once the client is gone, `send` does nothing. */
export interface BidiCall {
  send(message: Uint8Array): void;
  finish(error?: GrpcError): void;
}

/** What the service does with a stream. `onMessage` may throw: a GrpcError is the client's answer. */
export interface BidiHandler {
  onMessage(message: Uint8Array): void;
  /** The client is gone; comes once. */
  onClose(): void;
}

export interface GrpcLimits {
  readonly messageBytes: number;
  readonly sessions: number;
  readonly streamsPerSession: number;
}

/**
 * Bidirectional streaming gRPC on bare HTTP/2: an agent serves two methods to one client, and grpc-js costs 8 MB.
 * `methods` maps a path such as `/package.Service/Method` to what opens a stream of it.
 */
export function createGrpcServer(
  methods: ReadonlyMap<string, (call: BidiCall) => BidiHandler>,
  limits: GrpcLimits,
): Http2Server {
  const server = createServer({
    maxSessionMemory: Math.ceil((2 * limits.messageBytes * limits.streamsPerSession) / 1e6),
    settings: { maxConcurrentStreams: limits.streamsPerSession },
  });
  let sessions = 0;
  server.on('session', (session) => {
    sessions += 1;
    session.on('error', () => session.destroy());
    session.once('close', () => (sessions -= 1));
    if (sessions > limits.sessions) session.destroy();
  });
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    // The client has reset the stream: `close` follows and tells the handler.
    stream.on('error', () => undefined);
    const open = methods.get(headers[':path'] ?? '');
    if (open === undefined || !isGrpc(headers)) refuse(stream, headers);
    else serveStream(stream, open, limits.messageBytes);
  });
  return server;
}

function isGrpc(headers: IncomingHttpHeaders): boolean {
  return headers[':method'] === 'POST' && (headers['content-type'] ?? '').startsWith('application/grpc');
}

function refuse(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  if (!isGrpc(headers)) return stream.respond({ ':status': 415 }, { endStream: true });
  const trailers = { 'grpc-status': String(STATUS.unimplemented), 'grpc-message': 'no such method' };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
}

function serveStream(
  stream: ServerHttp2Stream,
  open: (call: BidiCall) => BidiHandler,
  messageBytes: number,
): void {
  const call = new Http2Call(stream);
  const handler = open(call);
  const reader = new FrameReader(messageBytes);
  stream.on('data', (chunk: Buffer) => {
    try {
      for (const message of reader.read(chunk)) handler.onMessage(message);
    } catch (error) {
      call.finish(asGrpcError(error));
    }
  });
  stream.once('end', () => call.finish());
  stream.once('close', () => handler.onClose());
}

function asGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  const code = error instanceof MalformedMessage ? STATUS.invalidArgument : STATUS.internal;
  return new GrpcError(code, (error as Error).message);
}

class Http2Call implements BidiCall {
  private error: GrpcError | undefined;

  constructor(private readonly stream: ServerHttp2Stream) {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers(this.trailers()));
  }

  send(message: Uint8Array): void {
    if (this.stream.writable) this.stream.write(frame(message));
  }

  finish(error?: GrpcError): void {
    if (!this.stream.writable) return;
    this.error = error;
    this.stream.removeAllListeners('data').resume();
    this.stream.end();
  }

  private trailers(): Record<string, string> {
    if (this.error === undefined) return { 'grpc-status': String(STATUS.ok) };
    const { code, message } = this.error;
    return { 'grpc-status': String(code), 'grpc-message': encodeStatusMessage(message) };
  }
}

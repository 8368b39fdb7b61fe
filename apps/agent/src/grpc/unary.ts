import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { PeerCertificate } from 'node:tls';
import { frame, FrameReader } from './frames.js';
import { decodeStatusMessage, GrpcError, STATUS } from './status.js';

export interface UnaryCall {
  /** `HOST:PORT` */
  readonly address: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly request: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: in plain text. */
  readonly tls?: {
    /** PEM roots to trust. */
    readonly ca: string;
    readonly cert?: string;
    readonly key?: string;
    /** Decides whose the verified certificate must be; returns what is wrong with it. */
    readonly verifyPeer: (certificate: PeerCertificate) => Error | undefined;
  };
  /** The call fails with DEADLINE_EXCEEDED after it, in milliseconds. */
  readonly deadlineMs: number;
  readonly maxMessageBytes: number;
}

/** Calls once on a connection of its own: who calls once in 12 hours keeps no connection. Rejects with a GrpcError. */
export async function callUnary(call: UnaryCall): Promise<Uint8Array> {
  const session = opened(call);
  const deadline = AbortSignal.timeout(call.deadlineMs);
  try {
    return await Promise.race([exchange(session, call), failureOf(session, deadline)]);
  } finally {
    session.destroy();
  }
}

function opened({ address, tls }: UnaryCall): ClientHttp2Session {
  if (!tls) return connect(`http://${address}`);
  const { ca, cert, key, verifyPeer } = tls;
  return connect(`https://${address}`, {
    ca,
    cert,
    key,
    // TLS allows no address as server name; who the server is, its URI says.
    servername: '',
    checkServerIdentity: (_host, certificate) => verifyPeer(certificate),
  });
}

function failureOf(session: ClientHttp2Session, deadline: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const unavailable = (error: Error): void => reject(new GrpcError(STATUS.unavailable, error.message));
    session.once('error', unavailable);
    session.once('close', () => unavailable(new Error('the connection was closed')));
    const expire = (): void => reject(new GrpcError(STATUS.deadlineExceeded, 'no answer in time'));
    deadline.addEventListener('abort', expire, { once: true });
  });
}

function exchange(session: ClientHttp2Session, call: UnaryCall): Promise<Uint8Array> {
  const stream = session.request({
    ...call.headers,
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: call.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': `${call.deadlineMs}m`,
  });
  stream.end(frame(call.request));
  return answerOf(stream, call.maxMessageBytes);
}

function answerOf(stream: ClientHttp2Stream, maxMessageBytes: number): Promise<Uint8Array> {
  const reader = new FrameReader(maxMessageBytes);
  const messages: Uint8Array[] = [];
  let status: GrpcError | undefined;
  return new Promise((resolve, reject) => {
    const learn = (headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void =>
      void (status = statusOf(headers) ?? status);
    stream.on('response', learn).on('trailers', learn);
    stream.on('data', (chunk: Buffer) => {
      try {
        messages.push(...reader.read(chunk));
      } catch (error) {
        reject(error as Error);
      }
    });
    stream.once('error', (error: Error) => reject(new GrpcError(STATUS.unavailable, error.message)));
    stream.once('end', () => {
      status ??= new GrpcError(STATUS.unknown, 'the answer has no status');
      if (status.code !== STATUS.ok) reject(status);
      else if (messages.length === 1) resolve(messages[0] as Uint8Array);
      else reject(new GrpcError(STATUS.internal, `${messages.length} answers to one request`));
    });
  });
}

/** What headers or trailers say about the call's end; undefined where they say nothing yet. */
function statusOf(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): GrpcError | undefined {
  const http = headers[':status'];
  if (http !== undefined && http !== 200) return new GrpcError(STATUS.unavailable, `HTTP status ${http}`);
  const code = headers['grpc-status'];
  if (code === undefined) return undefined;
  return new GrpcError(Number(code), decodeStatusMessage(String(headers['grpc-message'] ?? '')));
}

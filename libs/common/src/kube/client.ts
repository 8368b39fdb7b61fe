import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Credentials, type Credential } from './credentials.js';
import { errorFromAnswer, KubeError } from './errors.js';
import type { ClusterConfig } from './kubeconfig.js';
import { Presence } from './presence.js';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; patches say which kind of patch they are. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: T;
}

/** How a body says that it is a patch. @see https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
export const PATCH = {
  merge: 'application/merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

const REQUEST_LIMIT_MS = 30_000;
/**
 * TCP and TLS. A server that comes back does not hear of a connection that was asked for while its packets were lost:
 * TCP asks again at intervals that double, up to a minute later.
 */
const CONNECT_LIMIT_MS = 5_000;
/** A page of 500 objects of the largest size that the server stores would be more; nobody has such a page. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** What tells a peer that is gone from one that has nothing to say, below HTTP. */
const KEEP_ALIVE_MS = 15_000;
const USER_AGENT = 'quartet';

/**
 * HTTP/1.1 to one API server: JSON in and out. Every request is made as who we are then, on a connection of that
 * time: rotated tokens and certificates need nothing else.
 */
export class KubeClient {
  private readonly credentials: Credentials;
  private agent: { readonly print: string; readonly agent: http.Agent } | undefined;
  private readonly closing = new AbortController();
  /** Of the server, as all requests of this client together see it. */
  readonly presence = new Presence();

  constructor(readonly config: ClusterConfig) {
    this.credentials = new Credentials(config);
  }

  async get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.send<T>('GET', path, options)).body;
  }

  /** @throws KubeError for all but a success (and 304, which a request with a validator may get) */
  async send<T>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    const limit = AbortSignal.timeout(REQUEST_LIMIT_MS);
    const signal = AbortSignal.any([limit, this.closing.signal, ...(options.signal ? [options.signal] : [])]);
    const response = await this.open(method, path, { ...options, signal });
    const text = await readText(response);
    const { statusCode: status = 0, headers } = response;
    if (status !== 304 && (status < 200 || status > 299))
      throw errorFromAnswer(status, text, headers['retry-after']);
    return { status, headers, body: (text === '' ? undefined : JSON.parse(text)) as T };
  }

  /** An answer that goes on until it is destroyed or `signal` aborts. */
  async stream(
    path: string,
    options: RequestOptions & { readonly signal: AbortSignal },
  ): Promise<http.IncomingMessage> {
    const signal = AbortSignal.any([options.signal, this.closing.signal]);
    const response = await this.open('GET', path, { ...options, signal });
    const { statusCode: status = 0, headers } = response;
    if (status === 200) return response;
    throw errorFromAnswer(status, await readText(response), headers['retry-after']);
  }

  close(): void {
    this.closing.abort(new KubeError(0, 'Closed', 'the client was closed'));
    this.agent?.agent.destroy();
  }

  /** A refused credential is thrown away and asked for once more: it may have been replaced just now. */
  private async open(method: string, path: string, options: RequestOptions): Promise<http.IncomingMessage> {
    const response = await this.attempt(method, path, options);
    if (response.statusCode !== 401) return response;
    response.resume();
    this.credentials.distrust();
    return this.attempt(method, path, options);
  }

  private async attempt(
    method: string,
    path: string,
    options: RequestOptions,
  ): Promise<http.IncomingMessage> {
    const credential = await this.credentials.current();
    const url = new URL(this.config.server + path);
    for (const [name, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const { request } = url.protocol === 'http:' ? http : https;
    return new Promise((resolve, reject) => {
      const outgoing = request(url, {
        method,
        agent: this.agentFor(credential, url.protocol),
        headers: headersOf(options, credential, body),
        ...(options.signal && { signal: options.signal }),
      });
      outgoing.on('socket', (socket) => limitConnecting(outgoing, socket));
      outgoing.on('response', (response) => {
        // Who stands before a server that is away answers, too, but with one of these.
        if ((response.statusCode ?? 0) < 500) this.presence.answer();
        resolve(response);
      });
      outgoing.on('error', (error) => {
        this.presence.miss();
        reject(noAnswer(error, options.signal));
      });
      outgoing.end(body);
    });
  }

  private agentFor({ tls, tlsPrint }: Credential, protocol: string): http.Agent {
    if (this.agent?.print === tlsPrint) return this.agent.agent;
    const { insecure, serverName } = this.config;
    const keepAlive = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS };
    const agent =
      protocol === 'http:'
        ? new http.Agent(keepAlive)
        : new https.Agent({
            ...keepAlive,
            ...tls,
            rejectUnauthorized: !insecure,
            ...(serverName && { servername: serverName }),
          });
    // Streams on old connections go on until the server ends them; nothing new is asked there.
    this.agent = { print: tlsPrint, agent };
    return agent;
  }
}

function limitConnecting(request: http.ClientRequest, socket: Socket): void {
  if (!socket.connecting) return;
  const words = `no connection within ${CONNECT_LIMIT_MS} ms`;
  const giveUp = (): unknown => request.destroy(new KubeError(0, 'Unreachable', words));
  const limit = setTimeout(giveUp, CONNECT_LIMIT_MS);
  const done = (): void => clearTimeout(limit);
  const connected = socket instanceof TLSSocket ? 'secureConnect' : 'connect';
  socket.once(connected, done).once('close', done);
}

function headersOf(
  options: RequestOptions,
  credential: Credential,
  body: Buffer | undefined,
): http.OutgoingHttpHeaders {
  return {
    accept: options.accept ?? 'application/json',
    'user-agent': USER_AGENT,
    ...(credential.authorization && { authorization: credential.authorization }),
    ...(body && {
      'content-type': options.contentType ?? 'application/json',
      'content-length': body.byteLength,
    }),
    ...options.headers,
  };
}

async function readText(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > MAX_ANSWER_BYTES) throw new Error(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw noAnswer(error as Error, undefined);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function noAnswer(error: Error, signal: AbortSignal | undefined): Error {
  const cause = signal?.aborted ? (signal.reason as Error) : error;
  return cause instanceof KubeError
    ? cause
    : new KubeError(0, 'Unreachable', cause.message, undefined, { cause });
}

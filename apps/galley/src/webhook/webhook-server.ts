import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Address } from '#common/flags';
import type { IdentitySource, TlsIdentity } from '#common/identity';
import type { Log } from '#common/nats';
import type { AdmissionRequest, Verdict } from '../validate/admit.js';
import { READY_PATH, VALIDATE_PATH } from '../validate/webhook-configuration.js';
import { Turnstile } from './turnstile.js';

export interface WebhookServerOptions {
  readonly bind: Address;
  readonly identity: IdentitySource;
  readonly judge: (request: AdmissionRequest) => Verdict;
  /** What is judged is known well enough. */
  readonly ready: () => boolean;
  readonly onVerdict?: (verdict: Verdict) => void;
  readonly onHttpError?: (status: number) => void;
  readonly log: Log;
}

/** Twice what the API server takes of an object, the old and the new one, and what is around them. */
const MAX_BODY_BYTES = 7 * 1024 * 1024;
/** Bodies in memory at once; beyond the queue the answer is 503, with which the API server does as its policy says. */
const AT_ONCE = 16;
const QUEUE = 1_024;
const MAX_CONNECTIONS = 2_048;
const HEADERS_LIMIT_MS = 5_000;
/** The API server itself gives up earlier. */
const REQUEST_LIMIT_MS = 10_000;
const IDLE_LIMIT_MS = 90_000;

class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Answers the API server's AdmissionReviews (v1) over HTTPS. The certificate in force is used for the connections that
 * come after it.
 */
export class WebhookServer {
  private readonly turnstile = new Turnstile(AT_ONCE, QUEUE);
  private server: Server | undefined;
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly options: WebhookServerOptions) {}

  /** Port that it listens on; undefined before there is a certificate. */
  get port(): number | undefined {
    return (this.server?.address() as AddressInfo | null)?.port;
  }

  /** Listens as soon as there is a certificate. */
  async start(): Promise<void> {
    const { identity } = this.options;
    this.unsubscribe = identity.subscribe((fresh) => void this.use(fresh));
    const current = identity.current();
    if (current) await this.use(current);
  }

  async close(): Promise<void> {
    this.unsubscribe();
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    server.closeIdleConnections();
    server.close();
    setTimeout(() => server.closeAllConnections(), 1_000).unref();
    await once(server, 'close');
  }

  private async use(identity: TlsIdentity): Promise<void> {
    const { certChain: cert, privateKey: key } = identity;
    if (this.server) return this.server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' });
    const server = createServer(
      {
        ...{ cert, key, minVersion: 'TLSv1.2' },
        ...{ headersTimeout: HEADERS_LIMIT_MS, requestTimeout: REQUEST_LIMIT_MS },
        keepAliveTimeout: IDLE_LIMIT_MS,
      },
      (request, response) => void this.answer(request, response),
    );
    server.maxConnections = MAX_CONNECTIONS;
    this.server = server;
    const { bind, log } = this.options;
    server.on('error', (error) => log.error({ err: error }, 'the admission webhook cannot listen'));
    server.listen(bind.port, bind.host);
    await once(server, 'listening');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const [path = ''] = (request.url ?? '').split('?');
      if (path === READY_PATH) return this.answerReady(response);
      if (path !== VALIDATE_PATH) throw new HttpError(404, 'there is nothing here');
      if (request.method !== 'POST') throw new HttpError(405, 'POST an AdmissionReview');
      if (!/^application\/json\s*(?:;|$)/.test(request.headers['content-type'] ?? ''))
        throw new HttpError(415, 'the content type has to be application/json');
      if (!(await this.turnstile.enter())) throw new HttpError(503, 'too many requests wait');
      try {
        reply(response, 200, this.review(await readBody(request)));
      } finally {
        this.turnstile.leave();
      }
    } catch (error) {
      this.fail(response, error);
    }
  }

  private answerReady(response: ServerResponse): void {
    const ready = this.options.ready();
    reply(response, ready ? 200 : 503, { ready });
  }

  private review(body: string): object {
    const request = requestOf(body);
    const verdict = this.options.judge(request);
    this.options.onVerdict?.(verdict);
    const { allowed, message, warnings } = verdict;
    return {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: request.uid,
        allowed,
        ...(message !== undefined && { status: { code: 422, reason: 'Invalid', message } }),
        ...(warnings.length > 0 && { warnings }),
      },
    };
  }

  private fail(response: ServerResponse, error: unknown): void {
    const status = error instanceof HttpError ? error.status : 500;
    this.options.onHttpError?.(status);
    if (status === 500) this.options.log.error({ err: error }, 'an admission request failed');
    if (response.headersSent || response.destroyed) return void response.destroy();
    // The rest of a body that is not wanted is not read either.
    response.setHeader('connection', 'close');
    reply(response, status, { message: error instanceof HttpError ? error.message : 'internal error' });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new HttpError(413, `more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) throw new HttpError(400, 'the body is empty');
  return Buffer.concat(chunks).toString('utf8');
}

function requestOf(body: string): AdmissionRequest {
  let review: { apiVersion?: unknown; request?: Partial<AdmissionRequest> } | null;
  try {
    review = JSON.parse(body) as typeof review;
  } catch {
    throw new HttpError(400, 'the body is no JSON');
  }
  const { apiVersion, request } = review ?? {};
  if (apiVersion !== 'admission.k8s.io/v1') throw new HttpError(400, 'only admission.k8s.io/v1 is spoken');
  if (typeof request?.uid !== 'string' || typeof request.operation !== 'string')
    throw new HttpError(400, 'the review has no request');
  return request as AdmissionRequest;
}

function reply(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

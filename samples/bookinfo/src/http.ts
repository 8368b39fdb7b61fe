import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';

/** What a service answers: JSON for objects, HTML for texts. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | object;
}

/** Answers a request, or undefined for a path that the service does not know. */
export type Handler = (url: URL, request: IncomingMessage) => Reply | undefined | Promise<Reply | undefined>;

/** A server that cannot be brought down by what it is sent: what a handler throws becomes a 500. */
export function serve(handler: Handler): Server {
  return createServer((request, response) => {
    void answer(handler, request).then((reply) => send(response, reply));
  });
}

async function answer(handler: Handler, request: IncomingMessage): Promise<Reply> {
  try {
    request.resume();
    const url = new URL(request.url ?? '/', 'http://bookinfo');
    if (url.pathname === '/health') return { body: { status: 'healthy' } };
    return (await handler(url, request)) ?? { status: 404, body: { error: `no such page: ${url.pathname}` } };
  } catch (error) {
    return { status: 500, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Reply): void {
  const [type, text] =
    typeof body === 'string' ? ['text/html', body] : ['application/json', JSON.stringify(body)];
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, ...headers }).end(text);
}

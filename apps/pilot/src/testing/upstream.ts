import type { IncomingHttpHeaders, Server } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An application for tests: answers with its name, remembers what it was asked. */
export interface Upstream {
  readonly port: number;
  readonly seen: Seen[];
  /** What it answers with; 200 unless a test says otherwise. */
  status: number;
  close(): void;
}

/**
 * Paths that ask for a certain behaviour: `/fail-once/<id>` fails the first time, `/slow` never answers; anything
 * else is answered with 200 and the name.
 */
export async function startUpstream(name: string): Promise<Upstream> {
  const seen: Seen[] = [];
  const upstream = { port: 0, seen, status: 200, close };
  // A server that closes idle connections closes some at the very moment when Envoy sends a request over them.
  const server: Server = createServer({ keepAliveTimeout: 0 }, (message, response) => {
    const { method = '', url = '', headers } = message;
    const again = seen.some(({ path }) => path === url);
    seen.push({ method, path: url, headers });
    if (url.startsWith('/slow')) return;
    response.writeHead(url.startsWith('/fail-once') && !again ? 503 : upstream.status, {
      'x-powered-by': name,
    });
    response.end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  upstream.port = (server.address() as AddressInfo).port;
  return upstream;
  function close(): void {
    server.closeAllConnections();
    server.close();
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request by way of an HTTP proxy, in the absolute form. */
export async function viaProxy(
  port: number,
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { host } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: url,
      method,
      headers: { host, ...headers },
      agent: false,
    };
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    call.on('error', reject);
    call.end();
  });
}

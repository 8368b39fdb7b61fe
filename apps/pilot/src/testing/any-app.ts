import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

/** An application that takes HTTP/1.1, HTTP/2 and anything else on one port, and says which it got. */
export interface AnyApp {
  readonly port: number;
  /** Headers of the requests, the newest last. */
  readonly seen: IncomingHttpHeaders[];
  close(): void;
}

export interface AnyAppOptions {
  readonly host?: string;
  readonly port?: number;
  /** Said at once, before the client says anything. */
  readonly greeting?: string;
}

/** Requests are answered with `NAME http/VERSION`, other bytes with `NAME tcp:` and the bytes. */
export async function startAnyApp(name: string, options: AnyAppOptions = {}): Promise<AnyApp> {
  const { host = '127.0.0.1', port = 0, greeting } = options;
  const seen: IncomingHttpHeaders[] = [];
  const answer = (request: { httpVersion: string; headers: IncomingHttpHeaders }): string => {
    seen.push(request.headers);
    return `${name} http/${request.httpVersion}`;
  };
  const listener: RequestListener = (request, response) => response.end(answer(request));
  const http1 = createHttpServer(listener);
  const http2 = createHttp2Server((request, response) => response.end(answer(request)));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    if (greeting !== undefined) socket.write(greeting);
    socket.once('data', (first: Buffer) => {
      const text = first.toString('latin1');
      const target = text.startsWith('PRI * HTTP/2') ? http2 : /^[A-Z]+ \S+ HTTP\/1/.test(text) && http1;
      if (!target) return void echo(socket, name, first);
      socket.pause();
      socket.unshift(first);
      target.emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, seen, close };
}

function echo(socket: Socket, name: string, first: Buffer): void {
  socket.write(`${name} tcp:`);
  socket.write(first);
  socket.pipe(socket);
}

import { afterAll } from '@jest/globals';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsIdentity } from '#common/identity';

const open = new Set<Backend>();
afterAll(() => open.forEach((backend) => backend.close()));

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An application behind a proxy. */
export interface Backend {
  readonly name: string;
  readonly port: number;
  readonly seen: Seen[];
  /** Ends it, open connections included. */
  close(): void;
}

/**
 * Answers with what it was asked, `{name, method, path, headers}`. Paths ask for more: `/status/503` fails,
 * `/fail/2/x` fails the first two times, `/slow` never answers; a WebSocket is answered by what it sends.
 */
export async function httpBackend(name: string, port = 0): Promise<Backend> {
  const seen: Seen[] = [];
  // A server that closes idle connections closes some at the very moment when Envoy sends a request over them.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) =>
    answer(name, seen, request, response),
  );
  server.on('upgrade', (request, socket) => {
    seen.push(seenOf(request));
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n');
    socket.on('data', (data: Buffer) => socket.write(`${name}:${data.toString()}`));
    socket.on('error', () => undefined);
  });
  return listening(name, server, seen, port);
}

function answer(name: string, seen: Seen[], request: IncomingMessage, response: ServerResponse): void {
  const one = seenOf(request);
  const before = seen.filter(({ path }) => path === one.path).length;
  seen.push(one);
  request.resume();
  const [, kind, number = '200'] = one.path.split(/[/?]/);
  if (kind === 'slow') return;
  const failing = kind === 'fail' && before < Number(number);
  response.writeHead(kind === 'status' ? Number(number) : failing ? 503 : 200, {
    'x-backend': name,
    'x-old': 'old',
  });
  response.end(JSON.stringify({ name, ...one }));
}

function seenOf({ method = '', url = '', headers }: IncomingMessage): Seen {
  return { method, path: url, headers };
}

/** gRPC without its messages: any method is answered by trailers that say OK. */
export async function grpcBackend(name: string): Promise<Backend> {
  const seen: Seen[] = [];
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    const { ':path': path = '', 'content-type': type = '' } = headers;
    seen.push({ method: 'POST', path: String(path), headers: { 'content-type': String(type) } });
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'x-backend': name },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end();
  });
  return listening(name, server, seen, 0);
}

/** Says its name first or only then when spoken to, and repeats what it hears. */
export async function tcpBackend(name: string, speaksFirst = false): Promise<Backend> {
  const server = createTcpServer((socket) => {
    if (speaksFirst) socket.write(`${name} speaks`);
    socket.on('data', (data) => socket.end(`${name}:${data.toString()}`));
    socket.on('error', () => undefined);
  });
  return listening(name, server, [], 0);
}

/** A Redis that knows PING and ECHO, and answers each command of a pipeline. */
export async function redisBackend(name: string): Promise<Backend> {
  const server = createTcpServer((socket) => {
    let heard = '';
    socket.on('data', (data) => {
      heard += data.toString();
      const command = /^\*\d+\r\n((?:\$\d+\r\n[^\r]*\r\n)+)/;
      for (let found = command.exec(heard); found; found = command.exec(heard)) {
        heard = heard.slice(found[0].length);
        const words = (found[1] ?? '').split('\r\n').filter((_word, index) => index % 2 === 1);
        socket.write(`+${name} ${words.join(' ')}\r\n`);
      }
    });
    socket.on('error', () => undefined);
  });
  return listening(name, server, [], 0);
}

/** Ends TLS itself and answers with its name and the server name that it was asked for. */
export async function tlsBackend(name: string, { certChain, privateKey }: TlsIdentity): Promise<Backend> {
  const server = createTlsServer(
    { cert: certChain, key: privateKey, ALPNProtocols: ['http/1.1'] },
    (socket) => {
      socket.on('data', () => socket.end(`${name}:${String(socket.servername || '')}`));
      socket.on('error', () => undefined);
    },
  );
  server.on('tlsClientError', () => undefined);
  return listening(name, server, [], 0);
}

async function listening(name: string, server: NetServer, seen: Seen[], wanted: number): Promise<Backend> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  const backend = { name, port: (server.address() as AddressInfo).port, seen, close };
  open.add(backend);
  return backend;
}

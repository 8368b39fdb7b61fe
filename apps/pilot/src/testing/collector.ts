import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What somebody posted. */
export interface Report {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Collector {
  readonly port: number;
  readonly reports: Report[];
  close(): void;
}

/** A span as Zipkin's API v2 has it. */
export interface ZipkinSpan {
  readonly traceId: string;
  readonly kind: string;
  readonly name: string;
  readonly localEndpoint: { readonly serviceName: string };
  readonly tags: Readonly<Record<string, string>>;
}

/** An HTTP server that keeps all that it is sent, and takes everything. */
export async function startCollector(): Promise<Collector> {
  const reports: Report[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      reports.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, reports, close };
}

export function zipkinSpans({ reports }: Collector): ZipkinSpan[] {
  return reports.flatMap(({ body }) => JSON.parse(body.toString()) as ZipkinSpan[]);
}

/** A gRPC server that keeps all that it is sent, on every method, and answers each call with nothing at its end. */
export async function startGrpcCollector(): Promise<Collector> {
  const reports: Report[] = [];
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.on('error', () => undefined);
    const path = headers[':path'] ?? '';
    const plain = Object.fromEntries(Object.entries(headers)) as IncomingHttpHeaders;
    stream.on('data', (body: Buffer) => reports.push({ path, headers: plain, body }));
    stream.on('end', () => stream.end());
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    for (const session of sessions) session.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, reports, close };
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SERVER_HEADERS } from '../oracle/oracle.js';
import type { ServerPorts } from './config-sets.js';
import { FAIL_HEADER } from './requests.js';

/** By this header requests and their copies are told apart. */
export const ID_HEADER = 'x-test-id';

/** What a server was asked. */
export interface Hit {
  /** The address that it was reached at: all endpoints of the tests are one server. */
  readonly endpoint: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: IncomingMessage['headers'];
}

export interface EchoServers {
  readonly ports: ServerPorts;
  /** By the id of the request, in the order of arrival. */
  readonly hits: ReadonlyMap<string, readonly Hit[]>;
  close(): void;
}

/** Answers at every address of 127.0.0.0/8 with what it was asked, or fails as the request demands. */
export async function startEchoServers(): Promise<EchoServers> {
  const hits = new Map<string, Hit[]>();
  const servers = [createServer(answer), createServer(answer)];
  function answer(request: IncomingMessage, response: ServerResponse): void {
    const hit = hitOf(request);
    const id = String(hit.headers[ID_HEADER] ?? '');
    hits.set(id, [...(hits.get(id) ?? []), hit]);
    request.resume();
    response.writeHead(Number(hit.headers[FAIL_HEADER] ?? 200), SERVER_HEADERS);
    response.end(JSON.stringify(hit));
  }
  const [first = 0, second = 0] = await Promise.all(servers.map(listen));
  const close = (): void => servers.forEach((server) => (server.closeAllConnections(), server.close()));
  return { ports: { 80: first, 8080: second }, hits, close };
}

function hitOf({ socket, url = '', headers }: IncomingMessage): Hit {
  return {
    endpoint: `${socket.localAddress}:${socket.localPort}`,
    path: url,
    authority: headers.host ?? '',
    headers,
  };
}

async function listen(server: Server): Promise<number> {
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return (server.address() as AddressInfo).port;
}

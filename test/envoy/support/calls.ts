import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TlsIdentity } from '#common/identity';

export interface HttpCall {
  readonly port: number;
  readonly address?: string;
  readonly authority: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The backend that answered, and what it was asked. */
  readonly served:
    | {
        readonly name: string;
        readonly method: string;
        readonly path: string;
        readonly headers: IncomingHttpHeaders;
      }
    | undefined;
}

export function http({
  port,
  address = '127.0.0.1',
  authority,
  method = 'GET',
  path = '/',
  headers = {},
}: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port,
      method,
      path,
      headers: { host: authority, ...headers },
      agent: false,
    };
    const call = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        const served = body.startsWith('{"name"') ? (JSON.parse(body) as HttpAnswer['served']) : undefined;
        resolve({ status, headers, body, served });
      });
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}

/** What is answered to a text over a fresh connection until it ends or `until` is heard; empty where it is refused. */
export function tcp(address: string, port: number, text: string, until?: string): Promise<string> {
  return exchange(connectTcp(port, address), 'connect', text, until);
}

export interface TlsCall {
  readonly sni?: string;
  readonly alpn?: readonly string[];
  readonly identity?: TlsIdentity;
}

export function tls(
  address: string,
  port: number,
  text: string,
  { sni, alpn, identity }: TlsCall = {},
): Promise<string> {
  const socket = connectTls({
    host: address,
    port,
    rejectUnauthorized: false,
    ...(sni && { servername: sni }),
    ...(alpn && { ALPNProtocols: [...alpn] }),
    ...(identity && { cert: identity.certChain, key: identity.privateKey }),
  });
  return exchange(socket, 'secureConnect', text);
}

function exchange(socket: Socket, ready: string, text: string, until?: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    socket.on(ready, () => socket.write(text));
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
      if (until !== undefined && heard.includes(until)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });
}

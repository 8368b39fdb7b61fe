import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

/** Where a client connects to. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** The client's own address. */
  readonly from?: string;
}

/** What comes back until it matches; what came until then where the connection ends before, in whatever way. */
export function say({ host, port, from }: Target, text: string, until: RegExp): Promise<string> {
  return exchange(connect({ host, port, ...(from && { localAddress: from }) }), 'connect', text, until);
}

/** The same inside of TLS; whoever answers is believed. */
export function sayOverTls(
  { host, port }: Target,
  text: string,
  until: RegExp,
  options: ConnectionOptions,
): Promise<string> {
  const socket = connectTls({ host, port, rejectUnauthorized: false, ...options });
  return exchange(socket, 'secureConnect', text, until);
}

/** Like {@link say}, by HTTP/1.1; the answer is everything, its head included. */
export function getHttp1(target: Target, host = 'app', until = /http\/1\.[01]$/): Promise<string> {
  return say(target, `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`, until);
}

/** The body of an answer over HTTP/2 without TLS; empty where the connection fails. */
export async function getHttp2({ host, port }: Target, authority = 'app'): Promise<string> {
  const session = connectHttp2(`http://${host}:${port}`);
  try {
    return await new Promise((resolve) => {
      let body = '';
      session.on('error', () => resolve(body));
      session.on('close', () => resolve(body));
      const stream = session.request({ ':path': '/', ':authority': authority });
      stream.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      stream.on('end', () => resolve(body)).on('error', () => resolve(body));
    });
  } finally {
    session.destroy();
  }
}

function exchange(socket: Socket, ready: string, text: string, until: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const finish = (): void => {
      resolve(answer);
      socket.destroy();
    };
    socket.on(ready, () => socket.write(text));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
      if (until.test(answer)) finish();
    });
    socket.on('error', finish).on('close', finish);
  });
}

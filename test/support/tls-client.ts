import { request } from 'node:https';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

/** For what hangs: nothing here is to be quick. */
const LIMIT_MS = 20_000;

/** A TLS handshake with a local port; the connection is the caller's to end. Rejects where there is none. */
export function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ...options });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('no handshake in time')));
  });
}

/** One request on a connection of its own: `<status> <body>`, or the error's code. */
export function askTls(port: number, host: string, options: ConnectionOptions): Promise<string> {
  const { ca, cert, key, minVersion, maxVersion, checkServerIdentity } = options;
  return new Promise((resolve) => {
    const asked = request(
      {
        ...{ port, host: '127.0.0.1', servername: host, headers: { host }, agent: false, timeout: LIMIT_MS },
        ...{ ca, cert, key, minVersion, maxVersion, ...(checkServerIdentity && { checkServerIdentity }) },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => resolve(`${response.statusCode} ${body}`));
        response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end();
  });
}

import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP port that nobody listens on right now. Let servers pick port 0 themselves where they can. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const [port = 0] = await freePorts(1, host);
  return port;
}

/** Several free ports, all different. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(host)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** `127.0.0.1:PORT` with a free port. */
export async function freeAddress(host = '127.0.0.1'): Promise<string> {
  return `${host}:${await freePort(host)}`;
}

function listen(host: string): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => resolve(server));
  });
}

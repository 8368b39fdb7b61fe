import { freePorts } from '../free-ports/index.js';

export { freePorts } from '../free-ports/index.js';

/** A TCP port that nobody listens on right now. Let servers pick port 0 themselves where they can. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const [port = 0] = await freePorts(1, host);
  return port;
}

/** `127.0.0.1:PORT` with a free port. */
export async function freeAddress(host = '127.0.0.1'): Promise<string> {
  return `${host}:${await freePort(host)}`;
}

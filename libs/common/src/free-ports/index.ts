import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (32,768 and above, 49,152 and above): one of those may be
 * taken by anybody's connection before a server gets to it.
 *
 * @see https://docs.kernel.org/networking/ip-sysctl.html
 */
const [LOWEST, HIGHEST] = [18_000, 32_767];
const MAX_TRIES = 1_000;

/** Handed out in this process: not a second time. */
const taken = new Set<number>();

/** TCP ports that nobody listens on right now, all different. Let servers pick port 0 themselves where they can. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const found: number[] = [];
  for (let tries = 0; found.length < count; tries++) {
    if (tries > MAX_TRIES + count) throw new Error(`no ${count} free ports on ${host}`);
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (taken.has(port) || !(await isFree(port, host))) continue;
    taken.add(port);
    found.push(port);
  }
  return found;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

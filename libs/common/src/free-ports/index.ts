import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (32,768 and above, 49,152 and above): one of those may be
 * taken by anybody's connection before a server gets to it.
 *
 * @see https://docs.kernel.org/networking/ip-sysctl.html
 */
const [LOWEST, HIGHEST] = [18_000, 32_767];
/**
 * Between the look at a port and its use another process may look at it as well. So each process hands out whole blocks
 * of ports, and listens on the first of each for as long as it lives: who cannot do that takes another block.
 */
const BLOCK = 16;
const LOCK_HOST = '127.0.0.1';
const MAX_TRIES = 2_000;

interface Block {
  readonly first: number;
  readonly lock: Server;
  /** Ports that were handed out: not a second time. */
  used: number;
}

const blocks: Block[] = [];

/**
 * TCP ports that nobody listens on right now, all different, and that no other process is given here while this one
 * lives. Let servers pick port 0 themselves where they can.
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const found: number[] = [];
  for (let tries = 0; found.length < count; tries++) {
    if (tries > MAX_TRIES + 2 * count) throw new Error(`no ${count} free ports on ${host}`);
    const port = nextPort();
    if (port === undefined) await claimBlock();
    else if (await isFree(port, host)) found.push(port);
  }
  return found;
}

/** Lets other processes have what was handed out here: when nobody uses it any more. */
export function releasePorts(): void {
  for (const { lock } of blocks.splice(0)) lock.close();
}

function nextPort(): number | undefined {
  const newest = blocks.at(-1);
  if (newest === undefined || newest.used === BLOCK - 1) return undefined;
  newest.used += 1;
  return newest.first + newest.used;
}

async function claimBlock(): Promise<void> {
  const first = LOWEST + BLOCK * randomInt(Math.floor((HIGHEST + 1 - LOWEST) / BLOCK));
  const lock = await listen(first, LOCK_HOST);
  if (lock) blocks.push({ first, lock: lock.unref(), used: 0 });
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = await listen(port, host);
  if (server) await new Promise((resolve) => server.close(resolve));
  return server !== undefined;
}

/** A server that turns everybody away; undefined where somebody else has the port. */
function listen(port: number, host: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen(port, host, () => resolve(server));
  });
}

import { createServer } from 'node:net';
import { freePorts } from '#common/free-ports';
import type { Placement } from './workloads.js';

/** Blocks of loopback addresses to look through: 127.10.0.*, 127.10.1.*, ... */
const BLOCKS = 32;
const WORKLOADS = 8;
const SIDECAR_PORT = 9080;

/**
 * Finds room for the workloads: a loopback address each, in the first block that nobody listens in, or, where the
 * system has only 127.0.0.1 (macOS), that one with ports of their own.
 */
export async function findPlacement(sockets: string): Promise<Placement> {
  for (let block = 0; block < BLOCKS; block++) {
    const address = (n: number): string => `127.10.${block}.${n}`;
    const free = await Promise.all(range(WORKLOADS).map((n) => canListen(address(n + 1), SIDECAR_PORT)));
    if (free.every((result) => result === 'yes')) return { sockets, address };
    if (free.includes('no such address')) break;
  }
  const ports = await freePorts(2 * (WORKLOADS + 1));
  return {
    sockets,
    address: () => '127.0.0.1',
    ports: (n) => ({ inbound: ports[2 * n] ?? 0, proxy: ports[2 * n + 1] ?? 0 }),
  };
}

/** The port itself where it is free, else any free one. */
export async function portNear(wanted: number): Promise<number> {
  if ((await canListen('127.0.0.1', wanted)) === 'yes') return wanted;
  const [port = wanted] = await freePorts(1);
  return port;
}

async function canListen(host: string, port: number): Promise<'yes' | 'taken' | 'no such address'> {
  try {
    await close(await listen(host, port));
    return 'yes';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL' ? 'no such address' : 'taken';
  }
}

function listen(host: string, port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

function close(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

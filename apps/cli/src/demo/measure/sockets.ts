import { readFile, readdir, readlink } from 'node:fs/promises';

/** A TCP socket that listens. */
export interface ListeningSocket {
  readonly host: string;
  readonly port: number;
  readonly inode: string;
}

const LISTEN = '0A';

/** Reads /proc/net/tcp or /proc/net/tcp6. @see https://docs.kernel.org/networking/proc_net_tcp.html */
export function listeningSockets(table: string): ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    if (state !== LISTEN) return [];
    const [address = '', port = ''] = local.split(':');
    return [{ host: decodeAddress(address), port: parseInt(port, 16), inode }];
  });
}

/** The kernel prints addresses as little-endian 32 bit words. */
function decodeAddress(hex: string): string {
  const bytes = hex.match(/.{8}/g)?.flatMap((word) => word.match(/../g)?.reverse() ?? []) ?? [];
  if (bytes.length === 4) return bytes.map((byte) => parseInt(byte, 16)).join('.');
  const groups = bytes.join('').match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Every TCP socket on which one of these processes listens; undefined where the system has no /proc. */
export async function socketsOf(
  pids: readonly number[],
): Promise<Map<number, ListeningSocket[]> | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  if (tables.every((table) => table === '')) return undefined;
  const byInode = new Map(tables.flatMap(listeningSockets).map((socket) => [socket.inode, socket]));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const inodes = await socketInodes(pid);
      return [pid, inodes.flatMap((inode) => byInode.get(inode) ?? [])] as const;
    }),
  );
  return new Map(found);
}

async function socketInodes(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that can be made bad. */
export interface TcpProxy {
  readonly port: number;
  /** `open` forwards; `closed` ends all connections and takes no new ones; `silent` keeps them and forwards nothing. */
  set(state: 'open' | 'closed' | 'silent'): void;
  /** Connections that were taken so far. */
  taken(): number;
  close(): void;
}

/** Stands before a port of this host, on an address of its own. */
export async function startTcpProxy(target: number, host = '127.0.0.1'): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'closed' | 'silent' = 'open';
  let taken = 0;
  const server = createServer((incoming) => {
    if (state === 'closed') return void incoming.destroy();
    taken += 1;
    const outgoing = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined).once('close', () => (sockets.delete(from), to.destroy()));
      // What comes while the way is silent is lost, as on a broken network: such a connection never recovers.
      let broken = false;
      from.on('data', (bytes) => {
        broken ||= state === 'silent';
        if (!broken) to.write(bytes);
      });
    }
  });
  server.listen(0, host);
  await once(server, 'listening');
  server.unref();
  const dropAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => {
      state = next;
      if (next === 'closed') dropAll();
    },
    taken: () => taken,
    close: () => (server.close(), dropAll()),
  };
}

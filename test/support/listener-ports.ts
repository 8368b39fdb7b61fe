import { createServer } from 'node:net';

/** Below the range of which Linux takes ports for connections that go out (32768 and above). */
const FIRST = 20_000;
const LAST = 32_000;

/**
 * Free ports for listeners that come and go: while one is closed, no connection that is opened meanwhile takes its
 * port.
 */
export async function listenerPorts(count: number): Promise<number[]> {
  const found: number[] = [];
  let port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
  for (let tries = 0; found.length < count; tries++) {
    if (tries > LAST - FIRST) throw new Error('no ports are free');
    port = port >= LAST ? FIRST : port + 1;
    if (await isFree(port)) found.push(port);
  }
  return found;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminAnswer } from './admin.js';
import { parseStats } from './admin.js';

/** Ends every now and then with an idle proxy; the rest of the time is for connections that are in use. */
const POLL_MS = 50;
const ACTIVE = '^listener\\..*\\.downstream_cx_active$';

export interface DrainOptions {
  readonly ask: (method: 'GET' | 'POST', path: string) => Promise<AdminAnswer>;
  /** A sidecar's application may still need its outbound listeners; a gateway closes all. */
  readonly inboundOnly: boolean;
  /** Ports of listeners whose connections do not count: the agent's own, and the application's way out. */
  readonly ignoredPorts: ReadonlySet<number>;
  readonly limitMs: number;
}

/**
 * Has Envoy ask its clients to go elsewhere (`Connection: close`, GOAWAY), and waits until the last one has gone or
 * the time is up. Never rejects: an Envoy that does not answer has nothing to drain.
 */
export async function drain({ ask, inboundOnly, ignoredPorts, limitMs }: DrainOptions): Promise<void> {
  const deadline = Date.now() + limitMs;
  try {
    await ask('POST', `/drain_listeners?graceful${inboundOnly ? '&inboundonly' : ''}`);
    while (Date.now() < deadline) {
      const { body } = await ask('GET', `/stats?filter=${encodeURIComponent(ACTIVE)}`);
      if (activeConnections(parseStats(body), ignoredPorts) === 0) return;
      await sleep(POLL_MS);
    }
  } catch {
    return;
  }
}

/** Connections of all listeners, by statistics such as `listener.127.0.0.1_9080.downstream_cx_active`. */
export function activeConnections(
  stats: ReadonlyMap<string, number>,
  ignoredPorts: ReadonlySet<number>,
): number {
  let sum = 0;
  for (const [name, value] of stats) {
    const port = Number(/_(\d+)\.downstream_cx_active$/.exec(name)?.[1]);
    if (!name.startsWith('listener.admin.') && !ignoredPorts.has(port)) sum += value;
  }
  return sum;
}

import { readFile } from 'node:fs/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '#common/nats';
import { nkeyFile } from './up/bus.js';
import { recallControlPlane } from './up/control-plane.js';
import { stateLayout } from './up/state.js';

/** Asks something of the services of the control plane that runs on a state folder, over its bus. */
export async function withBus<T>(state: string, ask: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const { nats } = recallControlPlane(state);
  const nkeySeed = await readFile(nkeyFile(stateLayout(state), 'cli'), 'utf8');
  const connection = await connectNats({ url: nats, nkeySeed, name: 'cli' });
  try {
    return await ask(connection);
  } finally {
    await connection.close();
  }
}

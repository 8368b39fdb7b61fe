import { connect as connectTcp } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { findBinary } from '#common/binaries';
import { spawnWithLifeline } from '#common/lifeline';
import { createNkey, serverConfig, type NatsRole } from '#common/nats';
import type { StateLayout } from './state.js';
import type { Task } from './supervisor.js';

const USERS = ['galley', 'pilot', 'citadel', 'mixer', 'cli'] as const satisfies readonly NatsRole[];
const READY_LIMIT_MS = 15_000;

/** The file that holds the nkey seed of one user of the bus, 0600, made anew for each run. */
export function nkeyFile(state: StateLayout, user: NatsRole): string {
  return join(state.nats, `${user}.nk`);
}

/**
 * nats-server on loopback, with JetStream in the state folder and one credential per service: only Galley's may write
 * the config log.
 */
export async function busTask(state: StateLayout, host: string, port: number): Promise<Task> {
  const { path, warning } = await findBinary('nats-server');
  if (warning) process.stderr.write(`quartet: ${warning}\n`);
  const config = join(state.nats, 'nats-server.conf');
  const logFile = join(state.nats, 'nats-server.log');
  writeFileSync(
    config,
    serverConfig({ users: issueKeys(state), storeDir: state.nats, host, port, logFile }),
    { mode: 0o600 },
  );
  return {
    name: 'nats',
    start: () => spawnWithLifeline(path, ['-c', config], { stdout: 'ignore', stderr: 'ignore' }),
    ready: (child) => accepts(host, port, child),
  };
}

function issueKeys(state: StateLayout) {
  return USERS.map((role) => {
    const { seed, publicKey } = createNkey();
    writeFileSync(nkeyFile(state, role), seed, { mode: 0o600 });
    return { name: role, role, proof: { nkey: publicKey } };
  });
}

async function accepts(host: string, port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_LIMIT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('nats-server ended at once');
    if (await canConnect(host, port)) return;
    await sleep(20);
  }
  throw new Error(`nats-server did not listen on ${host}:${port} within ${READY_LIMIT_MS} ms`);
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    const answer = (ok: boolean) => {
      socket.destroy();
      resolve(ok);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

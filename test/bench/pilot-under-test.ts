import { join } from 'node:path';
import { connectNats } from '#common/nats';
import { ConfigLogWriter, type Operation } from '#common/config-log';
import { packageRoot } from '#common/binaries';
import { spawnProcess, startNats, tempDir, until, type SpawnedProcess } from '#common/testing';

/** A real Pilot on a real nats-server; the bench writes the config log itself. */
export interface PilotUnderTest {
  readonly process: SpawnedProcess;
  readonly xds: string;
  readonly http: string;
  commit(operations: readonly Operation[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startPilot(): Promise<PilotUnderTest> {
  const nats = await startNats();
  const connect = () => connectNats({ url: nats.url, name: 'galley' });
  const writer = await ConfigLogWriter.open({ connect, stateDir: tempDir('q-writer-') });
  const main = join(packageRoot(), 'dist/apps/pilot/src/main.js');
  const flags = [
    '--xds',
    '127.0.0.1:0',
    '--http',
    '127.0.0.1:0',
    '--nats',
    nats.url,
    '--state',
    tempDir('q-pilot-'),
  ];
  const node = [
    ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []),
    main,
    ...flags,
    '--log-level',
    'warn',
  ];
  const pilot = spawnProcess(process.execPath, node, { name: 'pilot', ipc: true, env: process.env });
  let addresses: { xds: string; http: string } | undefined;
  pilot.child.on('message', (message: { addresses: { xds: string; http: string } }) => {
    addresses = message.addresses;
  });
  return {
    process: pilot,
    get xds() {
      return addresses!.xds;
    },
    get http() {
      return addresses!.http;
    },
    async commit(operations) {
      await writer.commit({ operations, heldBack: [] });
      // Pilot is ready, and says where, once it has a first state.
      if (!addresses) await until(() => addresses, { what: 'Pilot', timeout: 60_000 });
    },
    async stop() {
      await pilot.stop();
      await writer.close();
      await nats.stop();
    },
  };
}

import { join } from 'node:path';
import { packageRoot } from '#common/binaries';
import { ConfigLogWriter, type Operation } from '#common/config-log';
import { connectNats } from '#common/nats';
import {
  freeAddress,
  spawnProcess,
  startNats,
  tempDir,
  until,
  type RunningNats,
  type SpawnedProcess,
} from '#common/testing';

/** A real Pilot on a real nats-server, fed by a config log that the test writes itself. */
export class PilotRig {
  process!: SpawnedProcess;
  private readonly state = tempDir('q-pilot-');

  private constructor(
    public nats: RunningNats,
    private readonly writer: ConfigLogWriter,
    readonly xds: string,
    readonly http: string,
  ) {}

  /** Starts both, and Pilot with a mesh of these resources. */
  static async start(operations: readonly Operation[]): Promise<PilotRig> {
    const nats = await startNats();
    const connect = () => connectNats({ url: nats.url, name: 'galley' });
    const writer = await ConfigLogWriter.open({ connect, stateDir: tempDir('q-writer-') });
    const rig = new PilotRig(nats, writer, await freeAddress(), await freeAddress());
    await rig.commit(operations);
    await rig.startPilot();
    return rig;
  }

  /** Starts Pilot (again) on the same ports and the same state; resolves when it is ready. */
  async startPilot(): Promise<void> {
    const main = join(packageRoot(), 'dist/apps/pilot/src/main.js');
    const flags = ['--xds', this.xds, '--http', this.http, '--nats', this.nats.url, '--state', this.state];
    const node = process.env['QUARTET_BENCH_NODE_FLAGS']?.split(' ') ?? [];
    this.process = spawnProcess(process.execPath, [...node, main, ...flags, '--log-level', 'warn'], {
      name: 'pilot',
      env: process.env,
    });
    const ready = async () => (await fetch(`http://${this.http}/readyz`)).ok;
    await until(ready, { what: 'Pilot to be ready', timeout: 60_000 });
  }

  async commit(operations: readonly Operation[]): Promise<number> {
    return (await this.writer.commit({ operations, heldBack: [] })).revision;
  }

  /** A page of Pilot's HTTP server, as JSON. */
  async get<T>(path: string): Promise<T> {
    return (await (await fetch(`http://${this.http}${path}`)).json()) as T;
  }

  /** Bytes of xDS sent since Pilot was started. */
  async sentBytes(): Promise<number> {
    const metrics = await (await fetch(`http://${this.http}/metrics`)).text();
    const lines = metrics.matchAll(/^pilot_xds_bytes\{[^}]*\} (\d+)$/gm);
    return [...lines].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await this.writer.close();
    await this.nats.stop();
  }
}

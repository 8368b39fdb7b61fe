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

/** A real Pilot on ports and a state of its own, which it keeps over restarts. */
export class PilotReplica {
  process!: SpawnedProcess;
  private readonly state = tempDir('q-pilot-');

  constructor(
    public nats: RunningNats,
    readonly xds: string,
    readonly http: string,
    private readonly flags: readonly string[] = [],
  ) {}

  /** Starts Pilot (again) on the same ports and the same state; resolves when it is ready. */
  async startPilot(): Promise<void> {
    const main = join(packageRoot(), 'dist/apps/pilot/src/main.js');
    const flags = ['--xds', this.xds, '--http', this.http, '--nats', this.nats.url, '--state', this.state];
    const node = process.env['QUARTET_BENCH_NODE_FLAGS']?.split(' ') ?? [];
    const args = [...node, main, ...flags, '--log-level', 'warn', ...this.flags];
    this.process = spawnProcess(process.execPath, args, { name: 'pilot', env: process.env });
    const ready = async () => (await fetch(`http://${this.http}/readyz`)).ok;
    await until(ready, { what: 'Pilot to be ready', timeout: 60_000 });
  }

  /** A page of Pilot's HTTP server, as JSON. */
  async get<T>(path: string): Promise<T> {
    return (await (await fetch(`http://${this.http}${path}`)).json()) as T;
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://${this.http}/metrics`)).text();
  }

  /** Bytes of xDS sent since Pilot was started. */
  async sentBytes(): Promise<number> {
    const lines = (await this.metrics()).matchAll(/^pilot_xds_bytes\{[^}]*\} (\d+)$/gm);
    return [...lines].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  }
}

/** A real Pilot on a real nats-server, fed by a config log that the test writes itself. */
export class PilotRig extends PilotReplica {
  private constructor(
    nats: RunningNats,
    private readonly writer: ConfigLogWriter,
    xds: string,
    http: string,
    flags: readonly string[],
  ) {
    super(nats, xds, http, flags);
  }

  /** Starts both, and Pilot with a mesh of these resources. */
  static async start(operations: readonly Operation[], flags: readonly string[] = []): Promise<PilotRig> {
    const nats = await startNats();
    const connect = () => connectNats({ url: nats.url, name: 'galley' });
    const writer = await ConfigLogWriter.open({ connect, stateDir: tempDir('q-writer-') });
    const rig = new PilotRig(nats, writer, await freeAddress(), await freeAddress(), flags);
    await rig.commit(operations);
    await rig.startPilot();
    return rig;
  }

  /** Starts another Pilot on the same log; it ends with the test, or by its process. */
  async addReplica(flags: readonly string[] = []): Promise<PilotReplica> {
    const replica = new PilotReplica(this.nats, await freeAddress(), await freeAddress(), flags);
    await replica.startPilot();
    return replica;
  }

  async commit(operations: readonly Operation[]): Promise<number> {
    return (await this.writer.commit({ operations, heldBack: [] })).revision;
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await this.writer.close();
    await this.nats.stop();
  }
}

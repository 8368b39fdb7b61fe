/** A real nats-server with the real permissions, for the tests of the config log. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { findBinary } from '#common/binaries';
import { freePort, Hopeless, type SpawnedProcess, spawnProcess, tempDir, until } from '#common/testing';
import { connectNats, type NatsAccess } from '../nats/connect.js';
import { createNkey, type Nkey } from '../nats/nkeys.js';
import { type NatsRole, serverConfig } from '../nats/server-config.js';

const ROLES: readonly NatsRole[] = ['galley', 'pilot', 'citadel', 'mixer', 'cli'];

export class Bus {
  readonly storeDir: string;
  #port = 0;
  #server: SpawnedProcess | undefined;
  readonly #work = tempDir('q-bus-');
  readonly #keys = new Map<NatsRole, Nkey>(ROLES.map((role) => [role, createNkey()]));

  constructor() {
    this.storeDir = join(this.#work, 'store');
  }

  static async start(): Promise<Bus> {
    const bus = new Bus();
    await bus.start();
    return bus;
  }

  /** Starts the server; after the first time on the same port. */
  async start(): Promise<void> {
    const { path } = await findBinary('nats-server', { download: true });
    const ports = join(this.#work, 'ports');
    rmSync(ports, { recursive: true, force: true });
    mkdirSync(ports);
    // Not one that the system picks: while the server is away, that could be given to anybody.
    this.#port ||= await freePort();
    const users = ROLES.map((role) => ({
      name: role,
      role,
      proof: { nkey: this.#keys.get(role)!.publicKey },
    }));
    const file = join(this.#work, 'nats.conf');
    writeFileSync(
      file,
      serverConfig({ users, storeDir: this.storeDir, port: this.#port, portsFileDir: ports }),
    );
    const server = spawnProcess(path, ['-c', file], { name: 'nats-server' });
    this.#server = server;
    await until(
      () => {
        if (!server.running()) throw new Hopeless(`nats-server ended:\n${server.logs()}`);
        const [name] = readdirSync(ports).filter((entry) => entry.endsWith('.ports'));
        return name && (JSON.parse(readFileSync(join(ports, name), 'utf8')) as { nats: string[] }).nats[0];
      },
      { what: 'nats-server' },
    );
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#server?.kill();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** What a service is told of the bus. */
  access(role: NatsRole): NatsAccess {
    return { url: `nats://127.0.0.1:${this.#port}`, nkeySeed: this.#keys.get(role)!.seed, name: role };
  }

  /** What a service calls to connect. */
  connect(role: NatsRole): () => Promise<NatsConnection> {
    return () => connectNats(this.access(role));
  }
}

import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '#common/binaries';
import { freePort } from './ports.js';
import type { SpawnedProcess } from './process.js';
import { spawnProcess } from './process.js';
import { tempDir } from './temp-dir.js';
import { Hopeless, until } from './until.js';

/** @see https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth */
export interface NatsUser {
  /** Public nkey, `U...`. */
  readonly nkey: string;
  readonly permissions?: Readonly<Record<'publish' | 'subscribe', { allow?: string[]; deny?: string[] }>>;
}

export interface StartNatsOptions {
  /** Where absent, everybody may do everything. */
  readonly users?: readonly NatsUser[];
  /** More lines of the server's configuration. */
  readonly config?: string;
  /** JetStream's folder: hand it to a second start to keep the streams. */
  readonly storeDir?: string;
  /** Port to come back on after a restart; 0 (the default) takes a free one. */
  readonly port?: number;
}

/** A real nats-server with JetStream. */
export interface RunningNats {
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  readonly process: SpawnedProcess;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export async function startNats(options: StartNatsOptions = {}): Promise<RunningNats> {
  const { path } = await findBinary('nats-server', { download: true });
  const work = tempDir('q-nats-');
  const storeDir = options.storeDir ?? join(work, 'store');
  const ports = join(work, 'ports');
  mkdirSync(ports);
  const file = join(work, 'nats.conf');
  // Not one that the system picks: while the server is away, that could be given to anybody.
  const port = options.port || (await freePort());
  await writeFile(file, configuration({ ...options, port }, storeDir, ports));
  const server = spawnProcess(path, ['-c', file], { name: 'nats-server' });
  const url = await until(() => firstUrl(ports, server), { what: 'nats-server' });
  const stop = async (end: () => Promise<void>): Promise<void> => {
    await end();
    await rm(ports, { recursive: true, force: true });
  };
  return {
    url,
    port: Number(new URL(url).port),
    storeDir,
    process: server,
    stop: () => stop(() => server.stop()),
    kill: () => stop(() => server.kill()),
  };
}

function configuration(options: StartNatsOptions, storeDir: string, ports: string): string {
  const lines = [
    `listen: "127.0.0.1:${options.port}"`,
    `ports_file_dir: ${JSON.stringify(ports)}`,
    `jetstream: {store_dir: ${JSON.stringify(storeDir)}}`,
  ];
  if (options.users) lines.push(`authorization: {users: ${JSON.stringify(options.users)}}`);
  if (options.config) lines.push(options.config);
  return lines.join('\n');
}

async function firstUrl(ports: string, server: SpawnedProcess): Promise<string | undefined> {
  if (!server.running()) throw new Hopeless(`nats-server ended:\n${server.logs()}`);
  const [name] = (await readdir(ports)).filter((file) => file.endsWith('.ports'));
  if (name === undefined) return undefined;
  return (JSON.parse(await readFile(join(ports, name), 'utf8')) as { nats: string[] }).nats[0];
}

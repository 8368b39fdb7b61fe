import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary } from '#common/binaries';
import type { SpawnedProcess } from './process.js';
import { spawnProcess } from './process.js';
import { tempDir } from './temp-dir.js';
import { Hopeless, until } from './until.js';

const run = promisify(execFile);

/** A bootstrap in proto3 JSON; snake_case and camelCase are both read. `admin` is added where it is missing. */
export type BootstrapJson = Readonly<Record<string, unknown>>;

export interface StartEnvoyOptions {
  /** Wait until `/ready` says LIVE (default), or only until the admin interface answers. */
  readonly waitFor?: 'live' | 'admin';
  readonly concurrency?: number;
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warning' | 'error';
  readonly args?: readonly string[];
  /** The words before the command, such as those that lead into a network namespace. */
  readonly within?: readonly string[];
}

/** A real Envoy. */
export interface RunningEnvoy {
  /** `http://127.0.0.1:PORT`. */
  readonly admin: string;
  readonly process: SpawnedProcess;
  /** The admin interface's answer to a GET, as text. */
  get(path: string): Promise<string>;
  /** All dumps of `/config_dump`, with `query` such as `?resource=dynamic_listeners`. */
  configDump(query?: string): Promise<Record<string, unknown>[]>;
  /** Counters and gauges whose name matches `filter` (a regular expression). */
  stats(filter?: string): Promise<Map<string, number>>;
  ready(): Promise<boolean>;
  /** `host:port` or a socket path, by listener name. */
  listeners(): Promise<Map<string, string>>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export async function startEnvoy(
  bootstrap: BootstrapJson,
  options: StartEnvoyOptions = {},
): Promise<RunningEnvoy> {
  const { path } = await findBinary('envoy', { download: true });
  const work = tempDir('q-envoy-');
  const config = join(work, 'bootstrap.json');
  const addressFile = join(work, 'admin');
  await writeFile(config, JSON.stringify({ ...loopbackAdmin, ...bootstrap }));
  const args = ['-c', config, '--disable-hot-restart', '--admin-address-path', addressFile];
  args.push('--concurrency', String(options.concurrency ?? 1), '-l', options.logLevel ?? 'warning');
  const [command = path, ...words] = [...(options.within ?? []), path, ...args, ...(options.args ?? [])];
  const envoy = spawnProcess(command, words, { name: 'envoy' });
  const admin = await until(() => adminAddress(envoy, addressFile), { what: 'the admin interface of Envoy' });
  const running = client(admin, envoy);
  if (options.waitFor !== 'admin') await until(() => isLive(running), { what: 'Envoy to be live' });
  return running;
}

const loopbackAdmin = { admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } } };

/** What a process that ended wrote says why: nobody else tells it. */
function mustRun(envoy: SpawnedProcess): void {
  if (!envoy.running()) throw new Hopeless(`Envoy ended:\n${envoy.logs()}`);
}

function isLive(running: RunningEnvoy): Promise<boolean> {
  mustRun(running.process);
  return running.ready();
}

async function adminAddress(envoy: SpawnedProcess, file: string): Promise<string> {
  mustRun(envoy);
  const address = (await readFile(file, 'utf8')).trim();
  // Envoy creates the file before it writes it.
  if (!/:\d+$/.test(address)) throw new Error('the address is not written yet');
  return `http://${address}`;
}

function client(admin: string, envoy: SpawnedProcess): RunningEnvoy {
  const get = async (path: string): Promise<string> => (await fetch(admin + path)).text();
  return {
    admin,
    process: envoy,
    get,
    configDump: async (query = '') => {
      return (
        (JSON.parse(await get(`/config_dump${query}`)) as { configs?: Record<string, unknown>[] }).configs ??
        []
      );
    },
    stats: async (filter = '') => parseStats(await get(`/stats?filter=${encodeURIComponent(filter)}`)),
    ready: async () => (await fetch(`${admin}/ready`)).status === 200,
    listeners: async () => parseListeners(await get('/listeners')),
    stop: () => envoy.stop(),
    kill: () => envoy.kill(),
  };
}

/** `cluster.a.upstream_rq_total: 3`; histograms and texts are left out. */
function parseStats(text: string): Map<string, number> {
  const pairs = text.matchAll(/^(.+): (\d+)$/gm);
  return new Map(Array.from(pairs, ([, name = '', value]) => [name, Number(value)]));
}

/** `name::127.0.0.1:1234`; the name itself may hold `::`. */
function parseListeners(text: string): Map<string, string> {
  const pairs = text.matchAll(/^(.+)::(.+)$/gm);
  return new Map(Array.from(pairs, ([, name = '', address = '']) => [name, address]));
}

/**
 * Whether Envoy takes a static bootstrap (`--mode validate`). It loads nothing over xDS, so whatever is to be
 * checked must be inlined under `static_resources`.
 */
export async function envoyAccepts(
  bootstrap: BootstrapJson,
): Promise<{ accepted: boolean; message: string }> {
  const { path } = await findBinary('envoy', { download: true });
  const config = join(tempDir('q-validate-'), 'bootstrap.json');
  await writeFile(config, JSON.stringify(bootstrap));
  try {
    await run(path, ['--mode', 'validate', '-c', config, '-l', 'error'], { maxBuffer: 1 << 26 });
    return { accepted: true, message: '' };
  } catch (error) {
    const { stderr, stdout, message } = error as { stderr?: string; stdout?: string; message: string };
    return { accepted: false, message: `${stderr ?? ''}${stdout ?? ''}`.trim() || message };
  }
}

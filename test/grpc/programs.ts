import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '#common/binaries';
import { freePort, spawnProcess, tempDir, until, type SpawnedProcess } from '#common/testing';

const PROGRAMS = fileURLToPath(new URL('./programs', import.meta.url));

/** Of gRPC's C core, with what it needs. */
const PINS = ['grpcio==1.85.3', 'typing-extensions==4.16.0'];

/**
 * Python with gRPC, in an environment of its own beside the other programs that tests run. Where there is none, and
 * none can be had, the tests that need it are left out and say so; in CI that is a failure.
 */
export function pythonWithGrpc(): { readonly path?: string; readonly missing?: string } {
  const folder = join(packageRoot(), '.cache/python', PINS[0] ?? '');
  try {
    if (!existsSync(folder)) install(folder);
    return { path: join(folder, 'bin/python') };
  } catch (error) {
    if (process.env['CI']) throw error;
    return { missing: `no Python with gRPC: ${(error as Error).message}` };
  }
}

/** Whole or not at all, however many do it at the same time. */
function install(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(join(dirname(folder), '.install-'));
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
  try {
    execFileSync('python3', ['-m', 'venv', work], { stdio: 'pipe' });
    execFileSync(join(work, 'bin/python'), ['-m', 'pip', 'install', ...options, ...PINS], { stdio: 'pipe' });
    if (!existsSync(folder)) renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export interface GrpcNode {
  /** Where Pilot serves xDS, `host:port`. */
  readonly xds: string;
  readonly name: string;
  /** Region. */
  readonly locality?: string;
  /** Folder with `cert.pem`, `key.pem` and `root.pem`. */
  readonly certificates?: string;
}

/** Starts a program with a bootstrap as Istio's agent writes it. */
function start(command: string, args: readonly string[], node: GrpcNode): SpawnedProcess {
  const { xds, name, locality = '', certificates } = node;
  const bootstrap = join(tempDir('q-grpc-'), 'bootstrap.json');
  const content = {
    xds_servers: [{ server_uri: xds, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
    node: {
      id: `sidecar~127.0.0.1~${name}.default~default.svc.cluster.local`,
      metadata: { NAMESPACE: 'default', GENERATOR: 'grpc', LABELS: { app: name } },
      locality: { region: locality },
    },
    ...(certificates && { certificate_providers: { default: fileWatcher(certificates) } }),
    server_listener_resource_name_template: 'xds.istio.io/grpc/lds/inbound/%s',
  };
  writeFileSync(bootstrap, JSON.stringify(content));
  const env = { ...process.env, GRPC_XDS_BOOTSTRAP: bootstrap };
  return spawnProcess(command, args, { name: `grpc-${name}`, env });
}

function fileWatcher(folder: string): object {
  const config = {
    certificate_file: join(folder, 'cert.pem'),
    private_key_file: join(folder, 'key.pem'),
    ca_certificate_file: join(folder, 'root.pem'),
    refresh_interval: '1s',
  };
  return { plugin_name: 'file_watcher', config };
}

/** What a client is asked to do, and how often it got which answer. */
export interface Calls {
  readonly target: string;
  readonly calls?: number;
  readonly method?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout?: number;
  readonly mesh?: boolean;
}

export type Answers = Readonly<Record<string, number>>;

export type Ask = (calls: Calls) => Promise<Answers>;

/** @param python its interpreter; without one the client is that of Node.js */
export async function startClient(node: GrpcNode, python?: string): Promise<Ask> {
  const port = await freePort();
  const [command, file] = python ? [python, 'client.py'] : [process.execPath, 'client.mjs'];
  const program = start(command, [join(PROGRAMS, file), String(port)], node);
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(url)).status > 0, { what: `${file} to listen`, timeout: 90_000 });
  return async (calls) => {
    try {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(calls) });
      return (await response.json()) as Answers;
    } catch (error) {
      throw new Error(`${file} did not answer:\n${program.logs()}`, { cause: error });
    }
  };
}

export function startServer(node: GrpcNode, python: string, port: number): SpawnedProcess {
  return start(python, [join(PROGRAMS, 'server.py'), node.name, String(port)], node);
}

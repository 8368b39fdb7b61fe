import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary, packageRoot } from '#common/binaries';
import {
  Hopeless,
  quartet,
  spawnProcess,
  tempDir,
  until,
  type RunningControlPlane,
  type SpawnedProcess,
} from '#common/testing';

export interface AgentOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly name: string;
  readonly type: 'sidecar' | 'router';
  readonly labels: string;
}

export interface RunningAgent {
  readonly process: SpawnedProcess;
  /** `HOST:PORT` of Envoy's admin interface. */
  readonly admin: string;
}

/** An agent with a real Envoy, which proves itself to a control plane of `quartet up`; resolves when it is ready. */
export async function startAgent(plane: RunningControlPlane, options: AgentOptions): Promise<RunningAgent> {
  const { namespace, serviceAccount, name, type, labels } = options;
  const state = tempDir('q-agent-');
  const owner = ['--namespace', namespace, '--service-account', serviceAccount];
  const token = await quartet('token', 'create', ...owner, '--state', plane.state);
  if (token.code !== 0) throw new Error(token.stderr);
  writeFileSync(join(state, 'token'), token.stdout.trim(), { mode: 0o600 });
  const { path: envoy } = await findBinary('envoy', { download: true });
  const args = [
    ...[join(packageRoot(), 'dist/apps/agent/src/main.js'), ...owner, '--name', name, '--type', type],
    ...['--address', '127.0.0.1', '--labels', labels, '--state', state, '--token-file', join(state, 'token')],
    ...['--xds', plane.pilot.xdsTls, '--ca', plane.citadel.grpc, '--root', plane.citadel.rootCert],
    ...[
      '--status-port',
      '0',
      '--admin-port',
      '0',
      '--envoy-log-level',
      'error',
      '--drain-duration',
      '200ms',
      '--json',
    ],
  ];
  const env = { ...process.env, QUARTET_ENVOY: envoy };
  const agent = spawnProcess(process.execPath, args, { name: `agent of ${name}`, env });
  return { process: agent, admin: await adminOf(agent) };
}

/** Where the Envoy of an agent started with `--json` has its admin interface; resolves when it is ready. */
export async function adminOf(agent: SpawnedProcess): Promise<string> {
  const line = await until(
    () => {
      if (!agent.running()) throw new Hopeless(`the agent ended:\n${agent.logs()}`);
      return agent
        .stdout()
        .split('\n')
        .find((text) => text.includes('"ready":true'));
    },
    { what: 'the agent to be ready', timeout: 60_000 },
  );
  return (JSON.parse(line) as { admin: string }).admin;
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findBinary, packageRoot } from '#common/binaries';
import { freePort, Hopeless, spawnProcess, tempDir, until, type SpawnedProcess } from '#common/testing';
import { pilotUri } from '../bootstrap/node.js';
import { startAuthority, type TestAuthority } from './authority.js';
import { startPilot, type TestPilot } from './pilot.js';

/** The line that an agent prints when it is ready. */
export interface ReadyLine {
  readonly ready: true;
  readonly admin: string;
  readonly status: string;
  readonly pid: number;
  readonly envoyPid: number;
}

/** All that one agent talks to, and an application behind its proxy. */
export interface TestMesh {
  readonly authority: TestAuthority;
  readonly pilot: TestPilot;
  readonly state: string;
  /** The proxy's mTLS port. */
  readonly port: number;
  readonly app: Server;
  /** Starts the compiled agent with the real Envoy; further arguments come last. */
  start(...args: string[]): Promise<TestAgent>;
  close(): Promise<void>;
}

export interface TestAgent {
  readonly process: SpawnedProcess;
  readonly env: NodeJS.ProcessEnv;
  /** Resolves once the agent is ready. */
  ready(): Promise<ReadyLine>;
}

export const SPIFFE_ID = 'spiffe://cluster.local/ns/default/sa/bookinfo-reviews';

export async function startMesh(): Promise<TestMesh> {
  const state = tempDir('q-agent-');
  const authority = await startAuthority(tempDir('q-ca-'), SPIFFE_ID);
  // A server that closes idle connections closes some at the very moment when Envoy sends a request over them.
  const app = createServer({ keepAliveTimeout: 0 }, (_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const port = await freePort();
  const workload = { port, appPort: (app.address() as AddressInfo).port };
  const pilot = await startPilot(authority.issue(pilotUri('cluster.local')), workload);
  const fixed = argumentsOf(authority, pilot, state);
  const { path: envoy } = await findBinary('envoy', { download: true });
  const main = join(packageRoot(), 'dist/apps/agent/src/main.js');
  return {
    ...{ authority, pilot, state, port, app },
    start: async (...args) => {
      const env = { ...process.env, QUARTET_ENVOY: envoy };
      return testAgent(
        spawnProcess(process.execPath, [main, ...fixed, ...args], { name: 'agent', env }),
        env,
      );
    },
    close: async () => {
      app.close();
      app.closeAllConnections();
      await Promise.all([authority.close(), pilot.close()]);
    },
  };
}

function argumentsOf(authority: TestAuthority, pilot: TestPilot, state: string): string[] {
  return [
    ...['--namespace', 'default', '--service-account', 'bookinfo-reviews', '--name', 'reviews-v1'],
    ...['--address', '127.0.0.1', '--labels', 'app=reviews,version=v1', '--state', state, '--json'],
    ...['--xds', pilot.address, '--ca', authority.address, '--root', authority.rootFile],
    ...['--token-file', authority.tokenFile, '--status-port', '0', '--admin-port', '0'],
  ];
}

function testAgent(process: SpawnedProcess, env: NodeJS.ProcessEnv): TestAgent {
  const ready = (): Promise<ReadyLine> =>
    until(
      () => {
        if (!process.running()) throw new Hopeless(`the agent ended:\n${process.logs()}`);
        const line = process.stdout().split('\n')[0];
        return line ? (JSON.parse(line) as ReadyLine) : undefined;
      },
      { what: 'the agent to be ready', timeout: 60_000, interval: 5 },
    );
  return { process, env, ready };
}

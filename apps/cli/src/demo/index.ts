import { startBare } from './bare.js';
import type { Child } from './child.js';
import { HttpClient } from './measure/http-client.js';
import { describeMemory, memoryOf } from './memory.js';
import { Mesh } from './mesh.js';
import { findPlacement, portNear } from './placement.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';
import { copySamples, createWorkspace, GATEWAY_PORT } from './workspace.js';

export interface DemoOptions {
  /** Prove what the mesh does and end, instead of staying. */
  readonly tour: boolean;
  /** The applications alone. */
  readonly withoutMesh: boolean;
}

class Interrupted extends Error {}

/** Runs Bookinfo until Ctrl-C, or through the tour. Resolves with the exit code when nothing of it is left. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const workspace = createWorkspace();
  const interrupted = untilInterrupted();
  try {
    if (options.withoutMesh) return await runBare(workspace, interrupted);
    return await runMesh(workspace, interrupted, options.tour);
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    say(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    workspace.remove();
  }
}

async function runMesh(workspace: Workspace, interrupted: Promise<void>, tour: boolean): Promise<number> {
  const started = performance.now();
  const gatewayPort = await portNear(GATEWAY_PORT);
  const workloads = copySamples(workspace.config, await findPlacement(workspace.sockets), gatewayPort);
  const mesh = new Mesh(workspace, workloads);
  try {
    await orInterrupted(startMesh(mesh, gatewayPort), interrupted);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`the first page was served after ${seconds} s`);
    if (!tour) return await stay(mesh, gatewayPort, interrupted);
    const { runTour } = await import('./tour/index.js');
    return await orInterrupted(runTour(mesh, gatewayPort, say), interrupted);
  } catch (error) {
    if (!(error instanceof Interrupted)) process.stderr.write(`${mesh.logTails()}\n`);
    throw error;
  } finally {
    say('ending');
    await mesh.stop();
  }
}

async function startMesh(mesh: Mesh, gatewayPort: number): Promise<void> {
  say('starting nats-server, Citadel, Galley, Pilot and Mixer');
  await mesh.startControlPlane();
  say(`starting an agent, an Envoy and an application for each of ${mesh.workloads.length} workloads`);
  await mesh.startProxies();
  const client = new HttpClient('127.0.0.1', gatewayPort);
  await until(async () => (await client.get('/productpage')).body.includes('★'), {
    what: 'the first page through the gateway',
    timeoutMs: 30_000,
  });
  client.close();
}

async function stay(mesh: Mesh, gatewayPort: number, interrupted: Promise<void>): Promise<number> {
  const { pilot, mixer, galley } = mesh.controlPlane;
  const { config } = mesh.workspace;
  const proxies = mesh.proxies.map(({ workload: { name, address }, admin }) => {
    return `    ${name.padEnd(22)} ${address.padEnd(14)} Envoy ${admin}`;
  });
  const lines = [
    '',
    '  Bookinfo            http://127.0.0.1:' + `${gatewayPort}/productpage (reload: black stars, red stars)`,
    `  its config          ${config} (edit a file: it takes effect at once)`,
    `  Galley              http://${galley.http}/debug/diagnostics`,
    `  Pilot               http://${pilot.http}/debug/syncz`,
    `  Mixer's metrics     http://${mixer.metrics}/metrics`,
    '  Proxies',
    ...proxies,
    `  Memory              ${describeMemory(await memoryOf([process.pid]))}`,
    '',
    '  Ctrl-C ends it all.',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  await interrupted;
  return 0;
}

async function runBare(workspace: Workspace, interrupted: Promise<void>): Promise<number> {
  say('starting Bookinfo without a mesh');
  let children: readonly Child[] = [];
  try {
    const bare = await startBare(workspace);
    ({ children } = bare);
    say(`Bookinfo: ${bare.url} (${describeMemory(await memoryOf([process.pid]))}). Ctrl-C ends it.`);
    await interrupted;
    return 0;
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

async function orInterrupted<T>(work: Promise<T>, interrupted: Promise<void>): Promise<T> {
  // What is abandoned may still fail when its processes end under it.
  work.catch(() => undefined);
  return Promise.race([
    work,
    interrupted.then(() => {
      throw new Interrupted();
    }),
  ]);
}

function say(text: string): void {
  process.stdout.write(`quartet: ${text}\n`);
}

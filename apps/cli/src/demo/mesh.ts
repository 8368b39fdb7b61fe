import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#common/binaries';
import { createToken } from '../citadel-client.js';
import type { ControlPlane } from '../up/control-plane.js';
import { stateLayout } from '../up/state.js';
import type { Child } from './child.js';
import { startChild } from './child.js';
import { descendants, listProcesses } from './measure/processes.js';
import type { Workload } from './workloads.js';
import type { Workspace } from './workspace.js';

const CLI = join(packageRoot(), 'dist/apps/cli/src/main.js');
const AGENT = join(packageRoot(), 'dist/apps/agent/src/main.js');
export const BOOKINFO = join(packageRoot(), 'dist/samples/bookinfo/src/main.js');

/** Six applications and seven agents stand side by side: each gets a small heap. */
export const SMALL_HEAP = ['--max-semi-space-size=1', '--max-old-space-size=64'];
const START_LIMIT_MS = 60_000;

/** An agent, with its Envoy and application. */
export interface Proxy {
  readonly workload: Workload;
  readonly child: Child;
  /** Envoy's admin interface. */
  readonly admin: string;
}

interface AgentReady {
  readonly admin: string;
}

/** A running mesh: the control plane, and an agent per workload. */
export class Mesh {
  private upProcess: Child | undefined;
  private readonly proxiesByName = new Map<string, Proxy>();
  private controlPlaneValue: ControlPlane | undefined;
  private readonly pidsByName = new Map<string, number>();

  constructor(
    readonly workspace: Workspace,
    readonly workloads: readonly Workload[],
  ) {}

  get controlPlane(): Required<ControlPlane> {
    if (!this.controlPlaneValue) throw new Error('the control plane was not started');
    return this.controlPlaneValue as Required<ControlPlane>;
  }

  get proxies(): readonly Proxy[] {
    return [...this.proxiesByName.values()];
  }

  /** `quartet up` itself. */
  get up(): Child {
    if (!this.upProcess) throw new Error('the control plane was not started');
    return this.upProcess;
  }

  /** The present process of a service: citadel, galley, pilot, mixer or nats. */
  servicePid(name: string): number {
    const pid = this.pidsByName.get(name);
    if (!pid) throw new Error(`${name} does not run`);
    return pid;
  }

  proxy(name: string): Proxy {
    const found = this.proxiesByName.get(name);
    if (!found) throw new Error(`there is no proxy ${name}`);
    return found;
  }

  /** The processes that everything else descends from. */
  rootPids(): number[] {
    const agents = this.proxies.map(({ child }) => child.pid);
    return [...(this.upProcess ? [this.upProcess.pid] : []), ...agents];
  }

  async startControlPlane(): Promise<void> {
    const { config, state, logs } = this.workspace;
    const flags = ['--config', config, '--state', state, '--ports', 'free', '--json', '--log-level', 'warn'];
    const up = startChild({ name: 'quartet up', args: [CLI, 'up', ...flags], log: join(logs, 'up.log') });
    this.upProcess = up;
    this.controlPlaneValue = await up.json<ControlPlane>('ready', START_LIMIT_MS);
    for (const [name, pid] of Object.entries(this.controlPlaneValue.pids)) this.pidsByName.set(name, pid);
    up.onJson(({ restarted, pid }) => {
      if (typeof restarted === 'string') this.pidsByName.set(restarted, Number(pid));
    });
  }

  /** Starts an agent for each workload and waits until their proxies serve. */
  async startProxies(): Promise<void> {
    await Promise.all(this.workloads.map((workload) => this.startProxy(workload)));
  }

  private async startProxy(workload: Workload): Promise<void> {
    const { name } = workload;
    const folder = join(this.workspace.agents, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, await this.joinToken(workload), { mode: 0o600 });
    const args = [
      ...SMALL_HEAP,
      AGENT,
      ...this.agentFlags(workload, folder, tokenFile),
      ...appCommand(workload),
    ];
    const env = { ...process.env, LISTEN: workload.socket };
    const child = startChild({
      name: `agent of ${name}`,
      args,
      env,
      log: join(this.workspace.logs, `${name}.log`),
    });
    const { admin } = await child.json<AgentReady>('ready', START_LIMIT_MS);
    this.proxiesByName.set(name, { workload, child, admin: `http://${admin}` });
  }

  private joinToken({ namespace, serviceAccount }: Workload): Promise<string> {
    const request = { namespace, serviceAccount, ttlSeconds: 600, uses: 1 };
    return createToken(this.controlPlane.citadel.grpc, stateLayout(this.workspace.state), request);
  }

  private agentFlags(workload: Workload, state: string, tokenFile: string): string[] {
    const { citadel, pilot } = this.controlPlane;
    const labels = Object.entries(workload.labels).map(([key, value]) => `${key}=${value}`);
    const flags = {
      namespace: workload.namespace,
      'service-account': workload.serviceAccount,
      name: workload.name,
      address: workload.address,
      type: workload.socket === undefined ? 'router' : 'sidecar',
      labels: labels.join(','),
      xds: pilot.xdsTls,
      ca: citadel.grpc,
      root: citadel.rootCert,
      'token-file': tokenFile,
      'status-port': '0',
      'admin-port': '0',
      // Nobody out there is in the middle of something when a demo ends.
      'drain-duration': '500ms',
      'log-level': 'warn',
      'envoy-log-level': 'error',
      state,
      ...(workload.socket !== undefined && { 'http-proxy-port': String(workload.proxyPort) }),
    };
    const pairs = Object.entries(flags).flatMap(([key, value]) => [`--${key}`, value]);
    return [...pairs, '--json', '--exit-with-parent'];
  }

  /** Ends everything in order: the workloads, which may still report, then the control plane. */
  async stop(): Promise<void> {
    await Promise.all(this.proxies.map(({ child }) => child.stop()));
    await this.upProcess?.stop();
  }

  /** Ends every process at once, as a power cut would. */
  async killAll(): Promise<void> {
    const all = descendants(await listProcesses(), this.rootPids());
    for (const { pid } of all) killProcess(pid);
    const children = [this.up, ...this.proxies.map(({ child }) => child)];
    await Promise.all(children.map(({ exited }) => exited));
  }

  /** What the processes wrote last. */
  logTails(): string {
    const children = [...(this.upProcess ? [this.upProcess] : []), ...this.proxies.map(({ child }) => child)];
    return children.map((child) => `--- ${child.name}\n${child.tail()}`).join('\n');
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // Its parent was killed first, and it has seen to itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function appCommand({ labels, socket }: Workload): string[] {
  if (socket === undefined) return [];
  return ['--', process.execPath, ...SMALL_HEAP, BOOKINFO, labels.app ?? '', labels.version ?? ''];
}

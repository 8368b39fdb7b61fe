import { setTimeout as sleep } from 'node:timers/promises';
import { findBinary } from '#common/binaries';
import { formatAddress, type Address } from '#common/flags';
import { formatSpiffeId, WorkloadIdentity } from '#common/identity';
import { endOf, exitCodeOf, onParentGone, stopProcess } from '#common/lifeline';
import type { ChildProcess } from 'node:child_process';
import type { AgentOptions } from './agent.config.js';
import { acceptedPatches } from './bootstrap/accepted.js';
import { bootstrapOf } from './bootstrap/bootstrap.js';
import type { JsonObject } from './bootstrap/json.js';
import { patched, type BootstrapPatch } from './bootstrap/merge.js';
import { askForPatches } from './bootstrap/pilot-patches.js';
import { Citadel, citadelUri } from './identity/citadel.js';
import { appEnvironment, loopbackFor, startApp } from './lifecycle/app.js';
import { drain, type DrainOptions } from './lifecycle/drain.js';
import { EnvoySupervisor } from './lifecycle/envoy.js';
import { preparePrivateFolder } from './lifecycle/folder.js';
import { agentMetrics } from './lifecycle/metrics.js';
import { reasonsNotReady } from './lifecycle/readiness.js';
import { StatusServer, type StatusSource } from './lifecycle/status-server.js';
import { createLog, type Log } from './log.js';
import { SecretServer } from './sds/server.js';

/** Readiness is looked at often while everybody waits for it, and seldom where Pilot is not there. */
const FIRST_POLL_MS = 10;
const LAST_POLL_MS = 1_000;
const FIRST_PAUSE_MS = 100;
const APP_GRACE_MS = 2_000;

/** Why an agent ends, and with which exit code. */
interface Ending {
  readonly code: number;
  /** Whether clients get time to go elsewhere: not where the application is gone, nor where nobody waits for us. */
  readonly drain: boolean;
}

/**
 * Runs an agent, its Envoy and its application until one of them, or a signal, ends it. Resolves with the exit code
 * when everything that it started is gone; rejects where it cannot start.
 */
export async function runAgent(options: AgentOptions): Promise<number> {
  const log = createLog(options.logLevel, { name: 'agent', proxy: `${options.name}.${options.namespace}` });
  const agent = new Agent(options, log);
  try {
    const ending = await agent.run();
    log.info({ ...ending }, 'the agent ends');
    await agent.shutDown(ending);
    return ending.code;
  } finally {
    agent.close();
  }
}

class Agent implements StatusSource {
  private readonly identity: WorkloadIdentity;
  private readonly secrets: SecretServer;
  private readonly status = new StatusServer(this);
  private envoy: EnvoySupervisor | undefined;
  private app: ChildProcess | undefined;
  private draining = false;
  private identified: Promise<void> = Promise.resolve();
  private end: (ending: Ending) => void = () => undefined;
  private readonly ended = new Promise<Ending>((resolve) => (this.end = resolve));

  constructor(
    private readonly options: AgentOptions,
    private readonly log: Log,
  ) {
    this.identity = workloadIdentity(options, log);
    this.secrets = new SecretServer(this.identity, log);
  }

  /** Starts everything and waits for the end, which may come before all is started. */
  async run(): Promise<Ending> {
    this.watchForTheEnd();
    return Promise.race([this.ended, this.start().then(() => this.ended)]);
  }

  /** Ends what `run` started: clients first, then the application, which may still call out, then Envoy. */
  async shutDown(ending: Ending): Promise<void> {
    this.draining = true;
    const { envoy, app } = this;
    if (ending.drain && envoy?.live) await drain(this.drainOptions(envoy));
    if (app !== undefined) await stopProcess(app, APP_GRACE_MS);
    await envoy?.stop();
  }

  close(): void {
    this.identity.stop();
    this.secrets.close();
    this.status.close();
  }

  async reasonsNotReady(): Promise<readonly string[]> {
    const stats = await this.envoy?.readinessStats();
    const certificateEnd = this.identity.current()?.notAfter;
    return reasonsNotReady({ stats, certificateEnd, draining: this.draining, now: Date.now() });
  }

  facts(): object {
    const identity = this.identity.current();
    return {
      envoy: { pid: this.envoy?.pid, restarts: this.envoy?.restarts },
      certificate: identity && { notAfter: new Date(identity.notAfter).toISOString() },
    };
  }

  async metrics(): Promise<string> {
    const own = agentMetrics({
      certificateEnd: this.identity.current()?.notAfter,
      now: Date.now(),
      envoyRestarts: this.envoy?.restarts ?? 0,
      residentBytes: process.memoryUsage.rss(),
    });
    const ofEnvoy = await this.envoy?.ask('GET', '/stats/prometheus?usedonly').catch(() => undefined);
    return `${ofEnvoy?.body ?? ''}${own}`;
  }

  /** In the order in which one thing needs another; the certificate may come last. */
  private async start(): Promise<void> {
    this.identified = this.identity.start();
    const sdsSocket = await preparePrivateFolder(this.options.state);
    const { address: host, statusPort: port } = this.options;
    const [status, executable] = await Promise.all([
      this.status.listen({ host, port }),
      this.options.envoy ?? envoyExecutable(this.log),
      this.secrets.listen(sdsSocket),
    ]);
    if (this.draining) return;
    const plain = (admin: Address): JsonObject => this.bootstrapFor(admin, status, sdsSocket);
    const patches = this.options.bootstrapXds ? await this.patchesFor(executable, plain) : [];
    if (this.draining) return;
    const envoy = this.superviseEnvoy(executable, (admin) => patched(plain(admin), patches));
    await envoy.start();
    void this.announceWhenReady(envoy, status);
  }

  private watchForTheEnd(): void {
    const onSignal = (): void => this.end({ code: 0, drain: true });
    process.once('SIGTERM', onSignal).once('SIGINT', onSignal);
    if (this.options.exitWithParent) onParentGone(() => this.end({ code: 0, drain: false }));
  }

  private bootstrapFor(admin: Address, status: Address, sdsSocket: string): JsonObject {
    const { options } = this;
    return bootstrapOf({ ...options, node: options, admin, status, sdsSocket });
  }

  private get adminAddress(): Address {
    return { host: loopbackFor(this.options.address), port: this.options.adminPort };
  }

  /** What EnvoyFilters change of the bootstrap, without what Envoy refuses. Nobody waits in vain: no Envoy lives without Pilot. */
  private async patchesFor(
    executable: string,
    plain: (admin: Address) => JsonObject,
  ): Promise<BootstrapPatch[]> {
    const { options, log } = this;
    const bootstrap = plain(this.adminAddress);
    const patches = await this.askPilot(bootstrap['node'] as JsonObject);
    const accepted = await acceptedPatches({ executable, folder: options.state, bootstrap, log }, patches);
    const sources = [...new Set(accepted.map(({ source }) => source))];
    if (sources.length > 0) log.info({ sources }, 'the bootstrap is patched');
    return accepted;
  }

  private async askPilot(node: JsonObject): Promise<BootstrapPatch[]> {
    const { xds, xdsPlaintext, trustDomain } = this.options;
    if (!xdsPlaintext) await this.identified;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LAST_POLL_MS, pause * 2)) {
      try {
        const identity = xdsPlaintext ? undefined : this.identity.current();
        return await askForPatches({ xds, node, trustDomain, identity });
      } catch (error) {
        if (this.draining) return [];
        this.log.warn({ reason: (error as Error).message }, 'Pilot did not say what patches the bootstrap');
        await sleep(pause);
      }
    }
  }

  private superviseEnvoy(executable: string, bootstrap: (admin: Address) => JsonObject): EnvoySupervisor {
    const { options, log } = this;
    const { state: folder, concurrency, envoyLogLevel: logLevel } = options;
    const admin = this.adminAddress;
    const more = options.proxyConfig?.envoyArguments ?? [];
    const envoy = new EnvoySupervisor({
      ...{ executable, folder, concurrency, logLevel, more },
      ...{ admin, bootstrap, log },
    });
    envoy.once('end', (code) => this.end({ code, drain: false }));
    this.envoy = envoy;
    return envoy;
  }

  private async announceWhenReady(envoy: EnvoySupervisor, status: Address): Promise<void> {
    let pause = FIRST_POLL_MS;
    let told = '';
    for (
      let reasons = await this.reasonsNotReady();
      reasons.length > 0;
      reasons = await this.reasonsNotReady()
    ) {
      if (this.draining) return;
      // What is normal in the first second is not worth a line, and what lasts is worth one.
      if (pause >= LAST_POLL_MS && told !== reasons.join()) this.log.warn({ reasons }, 'not ready yet');
      if (pause >= LAST_POLL_MS) told = reasons.join();
      await sleep(pause);
      pause = Math.min(LAST_POLL_MS, pause * 1.1);
    }
    envoy.markLive();
    this.announce(envoy, status);
    this.runApp();
  }

  private announce({ admin, pid: envoyPid }: EnvoySupervisor, status: Address): void {
    const addresses = { admin: admin && formatAddress(admin), status: formatAddress(status) };
    const { pid } = process;
    this.log.info({ ...addresses, envoyPid, readyMs: Math.round(performance.now()) }, 'the proxy is ready');
    if (this.options.json)
      process.stdout.write(`${JSON.stringify({ ready: true, ...addresses, pid, envoyPid })}\n`);
    process.send?.({ type: 'ready', addresses, pid, envoyPid });
  }

  private runApp(): void {
    const { app, address, httpProxyPort, json } = this.options;
    if (app.length === 0) return;
    const child = startApp(app, appEnvironment(process.env, address, httpProxyPort), json);
    this.app = child;
    void endOf(child).then((end) => this.end({ code: exitCodeOf(end), drain: false }));
  }

  private drainOptions(envoy: EnvoySupervisor): DrainOptions {
    const { type, drainDuration: limitMs, readinessPort, prometheusPort, httpProxyPort } = this.options;
    const ports = [readinessPort, prometheusPort, httpProxyPort].filter((port) => port !== undefined);
    return {
      ask: (method, path) => envoy.ask(method, path),
      inboundOnly: type === 'sidecar',
      ignoredPorts: new Set(ports),
      limitMs,
    };
  }
}

function workloadIdentity(options: AgentOptions, log: Log): WorkloadIdentity {
  const { trustDomain, namespace, serviceAccount, ca, root, tokenFile, state, ttl } = options;
  return new WorkloadIdentity({
    authority: new Citadel(ca, citadelUri(trustDomain)),
    spiffeId: formatSpiffeId({ trustDomain, namespace, serviceAccount }),
    rootFile: root,
    tokenFile,
    stateDir: state,
    ttlSeconds: Math.round((ttl ?? 0) / 1000),
    log,
  });
}

async function envoyExecutable(log: Log): Promise<string> {
  const { path, warning } = await findBinary('envoy', { download: true });
  if (warning !== undefined) log.warn({ path }, warning);
  return path;
}

import { resolve } from 'node:path';
import { FlagError } from '#common/flags';
import { busTask } from './bus.js';
import { rememberControlPlane, type ControlPlane } from './control-plane.js';
import { freePortsOn, ISTIO_PORTS } from './ports.js';
import type { ServiceName } from './service-process.js';
import { address, serviceTask, wantsIdentity, type Plan, type Webhook } from './services.js';
import { prepareStateDir } from './state.js';
import { Supervised, type SupervisorEvents } from './supervisor.js';

const HOST = '127.0.0.1';
const SERVICES: readonly ServiceName[] = ['citadel', 'galley', 'pilot', 'mixer'];

/** What `quartet up` is told on the command line. */
export interface UpOptions {
  readonly config?: string;
  readonly kubeconfig?: string;
  readonly secrets?: string;
  readonly secretNamespaces?: string;
  readonly writeStatus?: boolean;
  readonly webhookUrl?: string;
  readonly state: string;
  readonly ports: string;
  readonly only?: string;
  readonly json?: boolean;
  readonly logLevel: string;
  readonly workloadTtl: string;
}

/** Runs the control plane until SIGINT or SIGTERM; the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const plan = await makePlan(options);
  const stopped = untilStopped();
  const events = report(options.json ?? false);
  const running = new Map<string, Supervised>();
  const keep = async (name: string, supervised: Supervised) => {
    running.set(name, supervised);
    await supervised.start();
  };
  try {
    await keep('nats', new Supervised(await busTask(plan.state, HOST, plan.ports.nats), events));
    const start = (name: ServiceName) => keep(name, new Supervised(serviceTask(name, plan), events));
    const has = (name: ServiceName) => plan.services.has(name);
    // Who asks Citadel for a certificate comes after it; the others need nobody.
    const others = SERVICES.filter((name) => name !== 'citadel' && has(name));
    const early = others.filter((name) => !wantsIdentity(name, plan)).map(start);
    if (has('citadel')) await start('citadel');
    await Promise.all([...early, ...others.filter((name) => wantsIdentity(name, plan)).map(start)]);
    announce(plan, running, options.json ?? false);
    await stopped;
    return 0;
  } finally {
    await stopAll(running);
    // An open IPC channel would keep this process alive with nothing left to do.
    if (process.channel) process.disconnect();
  }
}

async function makePlan(options: UpOptions): Promise<Plan> {
  const names = options.only?.split(',') ?? SERVICES;
  const unknown = names.filter((name) => !SERVICES.includes(name as ServiceName));
  if (unknown.length > 0) throw new FlagError([`--only: no such service: ${unknown.join(', ')}`]);
  if (options.config === undefined && options.kubeconfig === undefined)
    throw new FlagError(['nothing to read config from: give --config, --kubeconfig or both']);
  if (options.ports !== 'istio' && options.ports !== 'free')
    throw new FlagError(["--ports is 'istio' or 'free'"]);
  const webhook =
    options.webhookUrl === undefined ? undefined : readWebhook(options.webhookUrl, options, names);
  return {
    config: options.config === undefined ? undefined : resolve(options.config),
    kubeconfig: options.kubeconfig === undefined ? undefined : resolve(options.kubeconfig),
    secrets: options.secrets === undefined ? undefined : resolve(options.secrets),
    secretNamespaces: options.secretNamespaces,
    writeStatus: options.writeStatus ?? false,
    webhook,
    state: prepareStateDir(options.state, options.config),
    host: HOST,
    ports: options.ports === 'istio' ? ISTIO_PORTS : await freePortsOn(HOST),
    logLevel: options.logLevel,
    workloadTtl: options.workloadTtl,
    services: new Set(names as ServiceName[]),
  };
}

/** The API server may be elsewhere: Galley listens on all interfaces, save where it is to be asked on this host. */
function readWebhook(url: string, { kubeconfig }: UpOptions, services: readonly string[]): Webhook {
  if (!/^https:\/\/[^/?#]+$/.test(url) || !URL.canParse(url))
    throw new FlagError([`--webhook-url: '${url}' is not https://HOST:PORT`]);
  if (kubeconfig === undefined) throw new FlagError(['--webhook-url wants --kubeconfig']);
  if (!['galley', 'citadel'].every((name) => services.includes(name)))
    throw new FlagError(['--webhook-url wants galley and citadel']);
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.');
  const listen = isLocal ? hostname : '0.0.0.0';
  return { url, host, bind: `${listen}:${port === '' ? '443' : port}` };
}

/** Services first, so that what they still have to say goes out; then the bus. */
async function stopAll(running: ReadonlyMap<string, Supervised>): Promise<void> {
  const services = [...running]
    .filter(([name]) => name !== 'nats')
    .map(([, supervised]) => supervised.stop());
  await Promise.all(services);
  await running.get('nats')?.stop();
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    // Started with an IPC channel, it ends with whoever started it.
    if (process.channel) process.once('disconnect', () => resolve());
  });
}

function report(json: boolean): SupervisorEvents {
  return {
    restarted: (name, pid) => {
      if (json) process.stdout.write(`${JSON.stringify({ restarted: name, pid })}\n`);
      else process.stderr.write(`quartet: ${name} restarted (pid ${pid})\n`);
    },
    failed: (name, reason) => process.stderr.write(`quartet: ${name} ended: ${reason}\n`),
  };
}

function announce(plan: Plan, running: ReadonlyMap<string, Supervised>, json: boolean): void {
  const value = describe(plan, running);
  rememberControlPlane(plan.state.root, value);
  if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
  else process.stdout.write(`${summary(value)}\n`);
}

function describe(plan: Plan, running: ReadonlyMap<string, Supervised>): ControlPlane {
  const at = (port: Parameters<typeof address>[1]) => address(plan, port);
  const has = (name: ServiceName) => plan.services.has(name);
  return {
    ready: true,
    ...(has('pilot') && { pilot: { xds: at('pilotXds'), xdsTls: at('pilotXdsTls'), http: at('pilotHttp') } }),
    ...(has('citadel') && {
      citadel: { grpc: at('citadelGrpc'), http: at('citadelHttp'), rootCert: plan.state.rootCert },
    }),
    ...(has('galley') && { galley: { http: at('galleyHttp') } }),
    ...(has('mixer') && {
      mixer: { grpc: at('mixerGrpc'), metrics: at('mixerMetrics'), http: at('mixerHttp') },
    }),
    nats: `nats://${at('nats')}`,
    pids: Object.fromEntries([...running].map(([name, supervised]) => [name, supervised.pid ?? 0])),
  };
}

function summary(value: ControlPlane): string {
  const { pilot, citadel, galley, mixer, nats } = value;
  return [
    'the control plane is ready',
    pilot && `  pilot    xDS ${pilot.xdsTls} (TLS), ${pilot.xds} (plaintext); http://${pilot.http}/debug`,
    citadel && `  citadel  CSR ${citadel.grpc}; root ${citadel.rootCert}`,
    galley && `  galley   http://${galley.http}/debug/diagnostics`,
    mixer && `  mixer    ${mixer.grpc}; metrics http://${mixer.metrics}/metrics`,
    `  nats     ${nats}`,
  ]
    .filter(Boolean)
    .join('\n');
}

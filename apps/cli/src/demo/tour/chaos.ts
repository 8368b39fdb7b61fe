import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { envoyStats, sumOf } from '../measure/envoy-admin.js';
import { Prober } from '../measure/prober.js';
import { descendants, listProcesses } from '../measure/processes.js';
import type { Mesh, Proxy } from '../mesh.js';
import { until } from '../until.js';
import { dumpDifferences, dumpOf } from './envoy-dump.js';
import { MARK, virtualService, withoutVirtualServices } from './routes.js';
import { check, type Step, type Tour } from './step.js';
import { asWorkload } from './workload-client.js';

const RATE = 200;
const RECOVERY_LIMIT_MS = 20_000;
const FILE = 'ratings.yaml';

/** Kills services under load, edits a route while they are away, and waits until it is in force. */
async function outage(tour: Tour, services: readonly string[]): Promise<string> {
  const { mesh, gateway, config } = tour;
  const before = await drained(mesh);
  const mark = `without-${services.join('-')}`;
  const load = new Prober(async () => {
    const { status, body } = await gateway.get('/api/v1/products/0/ratings');
    return { ok: status === 200, detail: `${status} ${body.slice(0, 80)}` };
  }, RATE);
  let seconds = '';
  const { sent, failed, failures, rate } = await load.during(async () => {
    const killed = performance.now();
    for (const service of services) process.kill(mesh.servicePid(service), 'SIGKILL');
    await config.with(FILE, marked(config.read(FILE), mark), () => ratingsShow(tour, mark));
    seconds = ((performance.now() - killed) / 1000).toFixed(1);
    await ratingsShow(tour, undefined);
  });
  check(failed === 0, `${failed} of ${sent} requests failed: ${failures.join('; ')}`);
  const after = await drained(mesh);
  const changes = [...after].filter(([name, value]) => value !== before.get(name));
  check(changes.length === 0, `something was drained: ${changes.map(String).join('; ')}`);
  return `an edit made meanwhile in force after ${seconds} s; ${rate.toFixed(0)} requests/s, 0 of ${sent} failed; nothing drained`;
}

function marked(yaml: string, mark: string): string {
  const http = `
- route: [{ destination: { host: ratings, subset: v1 } }]
  headers: { response: { set: { ${MARK}: ${mark} } } }`;
  return `${virtualService('ratings', http)}---${withoutVirtualServices(yaml)}`;
}

async function ratingsShow({ mesh }: Tour, mark: string | undefined): Promise<void> {
  await asWorkload(mesh, 'reviews-v2', (client) =>
    until(async () => (await client.get('http://ratings:9080/ratings/0')).headers[MARK] === mark, {
      what: mark === undefined ? 'the old route' : `the route '${mark}'`,
      timeoutMs: RECOVERY_LIMIT_MS,
    }),
  );
}

/** By proxy: how many listeners were changed or removed so far, and connections to applications and peers ended. */
async function drained(mesh: Mesh): Promise<ReadonlyMap<string, number>> {
  const counters = ['listener_modified', 'listener_removed', 'cluster_modified', 'cluster_removed'];
  const each = mesh.proxies.map(async ({ admin, workload: { name } }) => {
    const managers = await envoyStats(admin, '^(listener|cluster)_manager\\.');
    const upstreams = await envoyStats(admin, 'bound\\|9080\\|.*\\.upstream_cx_destroy$');
    const entries = counters.map(
      (counter) => [`${name} ${counter}`, sumOf(managers, `.${counter}`)] as const,
    );
    return [...entries, [`${name} upstream_cx_destroy`, sumOf(upstreams, '.upstream_cx_destroy')] as const];
  });
  return new Map((await Promise.all(each)).flat());
}

/** Each Envoy that has lived through all this holds what a fresh one in its place gets. */
async function likeFresh({ mesh, gateway }: Tour): Promise<string> {
  const before = new Map(
    await Promise.all(mesh.proxies.map(async (each) => [each, await dumpOf(each.admin)] as const)),
  );
  await Promise.all(mesh.proxies.map((proxy) => restartEnvoy(proxy)));
  let resources = 0;
  for (const [proxy, old] of before) {
    resources += old.size;
    await until(async () => dumpDifferences(old, await dumpOf(proxy.admin)).length === 0, {
      what: `the fresh ${proxy.workload.name} to equal the old one`,
      timeoutMs: RECOVERY_LIMIT_MS,
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${dumpDifferences(old, await dumpOf(proxy.admin)).join(', ')}`);
    });
  }
  await until(async () => (await gateway.get('/productpage')).status === 200, {
    what: 'the page through fresh Envoys',
    timeoutMs: RECOVERY_LIMIT_MS,
  });
  return `${resources} resources of ${before.size} proxies equal those of fresh ones`;
}

/** Kills an Envoy, and waits until the one that its agent starts instead is live. */
async function restartEnvoy(proxy: Proxy): Promise<void> {
  const { admin, workload } = proxy;
  const old = await envoyPid(proxy);
  check(old !== undefined, `the agent of ${workload.name} has no Envoy`);
  process.kill(old, 'SIGKILL');
  const isBack = async (): Promise<boolean> => {
    const pid = await envoyPid(proxy);
    return pid !== undefined && pid !== old && (await fetch(`${admin}/ready`)).ok;
  };
  const limit = { what: `another Envoy of ${workload.name}`, timeoutMs: RECOVERY_LIMIT_MS, intervalMs: 100 };
  await until(isBack, limit);
}

async function envoyPid({ child }: Proxy): Promise<number | undefined> {
  const family = descendants(await listProcesses(), [child.pid]);
  return family.find(({ command }) => command.includes('--admin-address-path'))?.pid;
}

/**
 * With everything away but Pilot and its own agent, an Envoy comes back whole: listeners, clusters, routes from the
 * one, its certificate from the other.
 */
async function aloneWithPilot({ mesh, gateway }: Tour): Promise<string> {
  const proxy = mesh.proxy('details-v1');
  const before = await dumpOf(proxy.admin);
  // The supervisor sleeps meanwhile, for it would bring everybody back.
  process.kill(mesh.up.pid, 'SIGSTOP');
  try {
    for (const service of ['galley', 'citadel', 'mixer', 'nats'])
      process.kill(mesh.servicePid(service), 'SIGKILL');
    await restartEnvoy(proxy);
    await until(async () => dumpDifferences(before, await dumpOf(proxy.admin)).length === 0, {
      what: 'all its configuration',
      timeoutMs: RECOVERY_LIMIT_MS,
    });
    await until(() => presentsCertificate(proxy), { what: 'its certificate', timeoutMs: RECOVERY_LIMIT_MS });
  } finally {
    process.kill(mesh.up.pid, 'SIGCONT');
  }
  await until(async () => (await gateway.get('/api/v1/products/0')).status === 200, {
    what: 'details to be served again',
    timeoutMs: RECOVERY_LIMIT_MS,
  });
  return `${before.size} resources and the certificate, without Galley, Citadel, Mixer and nats-server`;
}

/** Whether the sidecar answers a TLS handshake with the identity of its workload. */
function presentsCertificate({ workload: { address: host, port, serviceAccount } }: Proxy): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // What it presents is what is looked at; that a stranger is let in no further is shown elsewhere.
    const socket: TLSSocket = connect(
      { host, port, rejectUnauthorized: false, ALPNProtocols: ['istio'] },
      () => {
        const { subjectaltname = '' } = socket.getPeerCertificate();
        socket.destroy();
        resolve(subjectaltname.endsWith(`/sa/${serviceAccount}`));
      },
    );
    socket.once('error', reject);
  });
}

export const chaosSteps: readonly Step[] = [
  { name: '7 Pilot killed', run: (tour) => outage(tour, ['pilot']) },
  { name: '7 Galley and nats-server killed', run: (tour) => outage(tour, ['galley', 'nats']) },
  { name: '7 an Envoy alone with Pilot', run: aloneWithPilot },
  { name: '7 old proxies and fresh ones', run: likeFresh },
];

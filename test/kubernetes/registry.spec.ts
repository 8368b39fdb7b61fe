import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import type { Operation } from '#common/config-log';
import { describeKubernetes, freePort, startEnvoy, startKubernetes, until } from '#common/testing';
import type { RunningEnvoy, RunningKubernetes } from '#common/testing';
import { HttpClient } from '../../apps/cli/src/demo/measure/http-client.js';
import { Prober } from '../../apps/cli/src/demo/measure/prober.js';
import { adsBootstrap } from '../../apps/pilot/src/ads/testing/ads-rig.js';
import { MESH } from '../histories/support/resources.js';
import { PilotRig } from '../support/pilot.js';
import { accountOf } from './support/accounts.js';
import { application, hostAddress, NAMESPACE, pod, report, service } from './support/workloads.js';

jest.setTimeout(180_000);

interface Cluster {
  readonly cluster: string;
  readonly state: string;
  readonly detail: string;
}

interface EndpointPage {
  readonly svc: string;
  readonly ep: readonly Record<string, unknown>[];
}

const ROLE = 'istio-pilot-istio-system';
const NODE = 'sidecar~127.77.2.1~client.books~books.svc.cluster.local';
const mesh = (spec: object): Operation => {
  return { ...MESH, content: JSON.stringify({ spec: { enableAutoMtls: false, ...spec } }) } as Operation;
};
const patience = { timeout: 60_000 };
/** `QUARTET_AWAY_SECONDS=60` leaves the API server away for as long. */
const AWAY_MS = Number(process.env['QUARTET_AWAY_SECONDS'] ?? 0) * 1_000;

let kubernetes: RunningKubernetes;
let pilot: PilotRig;
let envoy: RunningEnvoy;
let client: HttpClient;

describeKubernetes('Services of a cluster', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers: ['endpointslice-controller'] });
    await apply(NAMESPACE);
    const kubeconfig = await accountOf(kubernetes, 'pilot');
    pilot = await PilotRig.start([MESH], ['--kubeconfig', kubeconfig, '--mass-removal-hold', '10s']);
    const port = await freePort();
    const metadata = { NAMESPACE: 'books', INTERCEPTION_MODE: 'NONE', HTTP_PROXY_PORT: String(port) };
    envoy = await startEnvoy(adsBootstrap(pilot.xds, 'delta', { id: NODE, metadata }));
    client = new HttpClient('127.77.2.1', port);
  }, 240_000);
  afterAll(async () => {
    client?.close();
    await envoy?.stop();
    await pilot?.stop();
    await kubernetes?.stop();
  });

  const apply = async (manifests: string): Promise<void> => {
    const { code, stderr } = await kubernetes.kubectl(['apply', '-f', '-'], manifests);
    if (code !== 0) throw new Error(stderr);
  };
  const call = async (name: string): Promise<string> => {
    const { status, body } = await client.get('/', { host: `${name}.books.svc.cluster.local` });
    return status === 200 ? body : `${status}`;
  };
  const reaches = (name: string, answer: string): Promise<unknown> =>
    until(async () => (await call(name)) === answer, { ...patience, interval: 5 });
  const endpoints = async (name: string): Promise<EndpointPage['ep']> => {
    const pages = await pilot.get<EndpointPage[]>('/debug/endpointz');
    return pages.find(({ svc }) => svc === `${name}.books.svc.cluster.local:http`)?.ep ?? [];
  };
  const cluster = async (): Promise<Cluster> => (await pilot.get<Cluster[]>('/debug/clusterz'))[0]!;
  const inState = (state: string): Promise<unknown> =>
    until(async () => (await cluster()).state === state, { ...patience, what: `the cluster to be ${state}` });
  const saysStale = async (): Promise<boolean> =>
    (await pilot.metrics()).includes('pilot_registry_stale{cluster="Kubernetes"} 1');

  it('are routed to by real Envoys as soon as kubectl has made them', async () => {
    await apply(service('reviews') + pod('reviews-1', 'reviews', 'v1', await application('one')));
    await report(kubernetes, 'reviews-1', true);
    await reaches('reviews', 'one');
    expect(await endpoints('reviews')).toMatchObject([
      {
        ...{ address: hostAddress(), namespace: 'books', serviceAccount: 'books', locality: 'eu/eu-1' },
        ...{ node: 'n1', registry: 'Kubernetes', tlsMode: 'disabled' },
        workload: { kind: 'Deployment', name: 'reviews-v1' },
        labels: { version: 'v1', 'topology.istio.io/cluster': 'Kubernetes' },
      },
    ]);
    await apply(pod('reviews-2', 'reviews', 'v2', await application('two')));
    await report(kubernetes, 'reviews-2', true);
    await reaches('reviews', 'two');
    await report(kubernetes, 'reviews-1', false);
    await until(async () => (await endpoints('reviews')).length === 1, patience);
    // What Pilot knows its proxy hears a moment later.
    const isLeft = async (): Promise<boolean> => {
      for (let n = 0; n < 10; n++) if ((await call('reviews')) !== 'two') return false;
      return true;
    };
    await until(isLeft, { ...patience, what: 'the other pod to be left alone' });
  });

  it('stay as they were while the API server is away, also for a Pilot that starts meanwhile', async () => {
    await reaches('reviews', 'two');
    const held = await endpoints('reviews');
    const probe = async () => {
      const answer = await call('reviews');
      return { ok: answer === 'two', detail: answer };
    };
    const load = new Prober(probe, 50);
    await kubernetes.stopApiServer('SIGKILL');
    await inState('stale');
    expect(await saysStale()).toBe(true);
    await pilot.process.kill();
    await pilot.startPilot();
    expect(await cluster()).toMatchObject({ cluster: 'Kubernetes', state: 'saved' });
    expect(await endpoints('reviews')).toEqual(held);
    const connected = async (): Promise<boolean> => (await pilot.get<unknown[]>('/debug/syncz')).length === 1;
    await until(connected, patience);
    await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
    await kubernetes.startApiServer();
    await inState('live');
    const { sent, failures } = await load.stop();
    expect(failures).toEqual([]);
    if (AWAY_MS > 0) process.stdout.write(`away for ${AWAY_MS} ms: ${sent} requests, none failed\n`);
    expect(sent).toBeGreaterThan(50);
    await apply(pod('reviews-3', 'reviews', 'v3', await application('three')));
    await report(kubernetes, 'reviews-3', true);
    await reaches('reviews', 'three');
  });

  it('are counted under the names that the documentation has', async () => {
    const text = readFileSync(join(packageRoot(), 'docs/metrics.md'), 'utf8');
    const documented = Array.from(text.matchAll(/^\| `(\w+)/gm), ([, name]) => name);
    const exposed = (await pilot.metrics()).matchAll(/^# TYPE ((?:pilot|xds)_\w+)/gm);
    expect(documented.sort()).toEqual(Array.from(exposed, ([, name]) => name).sort());
  });

  it('keep their endpoints for a while where most of them go at once, and Pilot says so', async () => {
    const manifest = (addresses: readonly string[]): string => `
apiVersion: v1
kind: Service
metadata: {name: many, namespace: books}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: many, namespace: books, labels: {kubernetes.io/service-name: many}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: ${JSON.stringify(addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })))}
`;
    const all = Array.from({ length: 8 }, (_, n) => `10.9.0.${n + 1}`);
    const has = (count: number) => async () => (await endpoints('many')).length === count;
    await apply(manifest(all));
    await until(has(8), patience);
    await apply(manifest(all.slice(0, 1)));
    const removals = () => pilot.get<object[]>('/debug/removalz');
    await until(async () => (await removals()).length === 1, { ...patience, interval: 20 });
    const service = 'books/many.books.svc.cluster.local';
    expect(await removals()).toMatchObject([
      { registry: 'Kubernetes', service, before: 8, left: 1, kept: 7 },
    ]);
    expect(await has(8)()).toBe(true);
    expect(await pilot.metrics()).toContain('pilot_held_endpoints{registry="Kubernetes"} 7');
    await until(has(1), patience);
    expect(await removals()).toEqual([]);
  });

  it('count where discoverySelectors select their namespace, as its labels and the settings are edited', async () => {
    const label = async (text: string): Promise<void> => {
      await kubernetes.kubectl(['label', 'namespace', 'books', text]);
    };
    // Two pods answer, as two and three; a host that nobody serves is passed on, and nobody is there.
    const isServed = async (): Promise<boolean> => /^t/.test(await call('reviews'));
    const isUnknown = async (): Promise<boolean> =>
      (await endpoints('reviews')).length === 0 && /^\d+$/.test(await call('reviews'));
    await pilot.commit([mesh({ discoverySelectors: [{ matchLabels: { team: 'books' } }] })]);
    await until(isUnknown, patience);
    await label('team=books');
    await until(isServed, patience);
    await label('team-');
    await until(isUnknown, patience);
    await pilot.commit([MESH]);
    await until(isServed, patience);
  });

  it('come without what Pilot may not see, and it says so', async () => {
    const { stdout } = await kubernetes.kubectl(['get', 'clusterrole', ROLE, '-o', 'json']);
    const role = JSON.parse(stdout) as { rules: { resources: string[] }[] };
    const rules = role.rules.filter(({ resources }) => !resources.includes('nodes'));
    await kubernetes.kubectl(['replace', '-f', '-'], JSON.stringify({ ...role, rules }));
    const kubeconfig = await kubernetes.kubeconfigOfAccount('istio-pilot-service-account');
    const replica = await pilot.addReplica(['--kubeconfig', kubeconfig]);
    const [seen] = await replica.get<Cluster[]>('/debug/clusterz');
    expect(seen?.state).toBe('stale');
    expect(seen?.detail).toMatch(/^nodes: a permission is missing: .*nodes is forbidden[^;]*$/);
    const pages = await replica.get<EndpointPage[]>('/debug/endpointz');
    expect(pages.find(({ svc }) => svc === 'reviews.books.svc.cluster.local:http')?.ep).toMatchObject([
      { address: hostAddress(), locality: '' },
      { address: hostAddress(), locality: '' },
    ]);
    await accountOf(kubernetes, 'pilot');
    const whole = async (): Promise<boolean> =>
      (await replica.get<Cluster[]>('/debug/clusterz'))[0]?.state === 'live';
    await until(whole, patience);
  });
});

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { describeKubernetes, startKubernetes, until, type RunningKubernetes } from '#common/testing';
import { MESH } from '../histories/support/resources.js';
import { PilotRig } from '../support/pilot.js';
import { accountOf } from './support/accounts.js';
import { NAMESPACE, pod, report, service } from './support/workloads.js';

jest.setTimeout(120_000);

interface Cluster {
  readonly cluster: string;
  readonly state: string;
  readonly detail: string;
}

const patience = { timeout: 60_000 };
const SECRETS = '/api/v1/namespaces/istio-system/secrets';

let own: RunningKubernetes;
let east: RunningKubernetes;
let pilot: PilotRig;

async function apply(kubernetes: RunningKubernetes, manifests: string): Promise<void> {
  const { code, stderr } = await kubernetes.kubectl(['apply', '-f', '-'], manifests);
  if (code !== 0) throw new Error(stderr);
}

async function addCluster(id: string, kubeconfig: string): Promise<void> {
  const metadata = { name: `remote-${id}`, labels: { 'istio/multiCluster': 'true' } };
  await own.client.send('POST', SECRETS, { body: { metadata, stringData: { [id]: kubeconfig } } });
}

async function cluster(id: string): Promise<Cluster | undefined> {
  return (await pilot.get<Cluster[]>('/debug/clusterz')).find((each) => each.cluster === id);
}

/** The registries that know endpoints of a service. */
async function knowing(name: string): Promise<string[]> {
  type Page = { readonly svc: string; readonly ep: readonly { readonly registry: string }[] };
  const pages = await pilot.get<Page[]>('/debug/endpointz');
  const page = pages.find(({ svc }) => svc === `${name}.books.svc.cluster.local:http`);
  return (page?.ep ?? []).map(({ registry }) => registry).sort();
}

const knownBy = (...registries: string[]): Promise<unknown> =>
  until(async () => (await knowing('reviews')).join() === registries.join(), patience);

describeKubernetes('clusters whose kubeconfigs are in Secrets', () => {
  beforeAll(async () => {
    [own, east] = (await Promise.all(
      [1, 2].map(() => startKubernetes({ controllers: ['endpointslice-controller'] })),
    )) as [RunningKubernetes, RunningKubernetes];
    for (const each of [own, east]) {
      await apply(each, NAMESPACE + service('reviews') + pod('reviews-1', 'reviews', 'v1', 8080));
      await report(each, 'reviews-1', true);
    }
    pilot = await PilotRig.start([MESH], ['--kubeconfig', await accountOf(own, 'pilot')]);
  }, 240_000);
  afterAll(async () => {
    await pilot?.stop();
    await Promise.all([own?.stop(), east?.stop()]);
  });

  it('add their endpoints to the services of the same name, and take them along', async () => {
    await knownBy('Kubernetes');
    await addCluster('east', readFileSync(await accountOf(east, 'pilot'), 'utf8'));
    await knownBy('Kubernetes', 'east');
    await east.stopApiServer('SIGKILL');
    await until(async () => (await cluster('east'))?.state === 'stale', patience);
    expect(await knowing('reviews')).toEqual(['Kubernetes', 'east']);
    // Not even then, for a Pilot that starts now: what was saved of it holds.
    await pilot.process.kill();
    await pilot.startPilot();
    await knownBy('Kubernetes', 'east');
    await own.client.send('DELETE', `${SECRETS}/remote-east`);
    await knownBy('Kubernetes');
    expect(await cluster('east')).toBeUndefined();
  });

  it('are not asked by programs or files that a Secret names', async () => {
    const text = readFileSync(await own.kubeconfigOfAccount('istio-pilot-service-account'), 'utf8');
    const config = JSON.parse(text) as { users: { user: object }[] };
    config.users[0]!.user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/true' } };
    await addCluster('runs', JSON.stringify(config));
    config.users[0]!.user = { tokenFile: '/etc/hostname' };
    await addCluster('reads', JSON.stringify(config));
    await until(async () => (await cluster('runs'))?.detail.includes('may not name a program'), patience);
    await until(async () => (await cluster('reads'))?.detail.includes('may not name files'), patience);
  });
});

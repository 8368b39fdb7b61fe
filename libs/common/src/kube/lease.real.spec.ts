import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import {
  describeKubernetes,
  kubeconfigText,
  startKubernetes,
  startTcpProxy,
  tempDir,
  until,
} from '#common/testing';
import type { RunningKubernetes } from '#common/testing';
import { KubeClient, PATCH } from './client.js';
import { parseKubeconfig } from './kubeconfig.js';
import { Lease, type LeaseState, type LeaseTimings } from './lease.js';
import { resourcePath, type KubeObject } from './objects.js';

jest.setTimeout(120_000);

let kubernetes: RunningKubernetes;
const open: { close(): unknown }[] = [];

interface Contender {
  readonly lease: Lease;
  readonly states: LeaseState[];
}

function contend(identity: string, port = kubernetes.port, timings: LeaseTimings = {}): Contender {
  const { ca, tokens } = kubernetes.credentials;
  const text = kubeconfigText(`https://127.0.0.1:${port}`, ca, { token: tokens.get('admin') });
  const client = new KubeClient(parseKubeconfig(text, tempDir()));
  const states: LeaseState[] = [];
  const onChange = (state: LeaseState): void => void states.push(state);
  const lease = new Lease({ client, namespace: 'default', name: 'galley', identity, onChange, timings });
  open.push(client, lease);
  lease.start();
  return { lease, states };
}

const holds = ({ lease }: Contender): boolean => lease.state.kind === 'holding';

describeKubernetes('a lease', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
  }, 180_000);
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
    await kubernetes.kubectl(['delete', 'lease', '--all']);
  });
  afterAll(() => kubernetes?.stop());

  it('is held by one of several, and passes on at once where it is given up', async () => {
    const all = ['a', 'b', 'c'].map((name) => contend(name));
    const first = await until(() => all.find(holds));
    await until(() => all.every(({ lease }) => lease.state.kind !== 'unknown'));
    expect(all.filter(holds)).toEqual([first]);
    expect(first.lease.state).toEqual({ kind: 'holding', clean: true });
    await first.lease.close();
    const second = await until(() => all.find((one) => one !== first && holds(one)));
    expect(second.lease.state).toEqual({ kind: 'holding', clean: true });
  });

  it('goes to another one where its holder is silent, who learns of it', async () => {
    const proxy = await startTcpProxy(kubernetes.port);
    const first = contend('a', proxy.port);
    await until(() => holds(first));
    const second = contend('b');
    await until(() => second.lease.state.kind === 'waiting');
    proxy.set('silent');
    await until(() => holds(second), { timeout: 30_000 });
    expect(second.lease.state).toEqual({ kind: 'holding', clean: false });
    await until(() => !first.lease.fresh, { timeout: 30_000 });
    proxy.set('open');
    await until(() => first.lease.state.kind === 'waiting', { timeout: 30_000 });
    expect(first.lease.state).toEqual({ kind: 'waiting', holder: 'b' });
    proxy.close();
  });

  it('stays with its holder while the API server is away, and where somebody labels it', async () => {
    // Long enough for a holder who is kept waiting by an API server that has only just started.
    const patient = { duration: 8_000 };
    const [first, second] = ['a', 'b'].map((name) => contend(name, kubernetes.port, patient));
    const holder = await until(() => [first!, second!].find(holds));
    await kubernetes.stopApiServer('SIGKILL');
    await until(() => !holder.lease.fresh, { timeout: 30_000 });
    await kubernetes.startApiServer();
    await until(() => holder.lease.fresh, { timeout: 30_000 });
    const path = resourcePath({ group: 'coordination.k8s.io', version: 'v1', plural: 'leases' }, 'default');
    const { body } = await kubernetes.client.send<KubeObject>('PATCH', `${path}/galley`, {
      body: { metadata: { labels: { seen: 'yes' } } },
      contentType: PATCH.merge,
    });
    const version = async (): Promise<string> =>
      (await kubernetes.client.get<KubeObject>(`${path}/galley`)).metadata.resourceVersion!;
    await until(async () => (await version()) !== body.metadata.resourceVersion, { timeout: 30_000 });
    expect(holder.states).toHaveLength(1);
  });

  it('says why nobody can be chosen', async () => {
    const client = new KubeClient(
      parseKubeconfig(
        kubeconfigText(kubernetes.url, kubernetes.credentials.ca, { token: 'none' }),
        tempDir(),
      ),
    );
    const lease = new Lease({
      client,
      namespace: 'default',
      name: 'x',
      identity: 'a',
      onChange: () => undefined,
    });
    open.push(client, lease);
    lease.start();
    await until(() => lease.state.kind === 'unknown' && lease.state.reason === 'Unauthorized');
  });
});

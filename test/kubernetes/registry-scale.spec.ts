import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { describeKubernetes, startKubernetes, until, type RunningKubernetes } from '#common/testing';
import { cpuMs, residentMb } from '../bench/process-usage.js';
import { SimulatedProxy } from '../bench/simulated-proxy.js';
import { MESH } from '../histories/support/resources.js';
import { PilotRig } from '../support/pilot.js';
import { accountOf } from './support/accounts.js';

jest.setTimeout(300_000);

const SERVICES = 1_000;
const ENDPOINTS = 10;
const FLAPS = 2_000;
/** Writes at the same time. */
const WRITERS = 32;
/** What Pilot may need for 10,000 endpoints that flap, beyond what it needs for them at rest. */
const MAX_GROWTH_MB = 120;
const patience = { timeout: 120_000 };

let kubernetes: RunningKubernetes;
let pilot: PilotRig;

const path = (group: string, plural: string): string => `${group}/namespaces/default/${plural}`;
const SLICES = path('/apis/discovery.k8s.io/v1', 'endpointslices');

/** A slice of ten endpoints; `state` says which of them are ready. */
function endpoints(n: number, state: number): object[] {
  return Array.from({ length: ENDPOINTS }, (_, i) => ({
    addresses: [`10.${20 + (n >> 8)}.${n & 255}.${i + 1}`],
    conditions: { ready: (state >> (i % 8)) % 2 === 0 },
  }));
}

async function inParallel(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: WRITERS }, worker));
}

async function create(n: number): Promise<void> {
  const { client } = kubernetes;
  const name = `svc-${n}`;
  await client.send('POST', path('/api/v1', 'services'), {
    body: { metadata: { name }, spec: { ports: [{ name: 'http', port: 80 }] } },
  });
  await client.send('POST', SLICES, {
    body: {
      metadata: { name, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: endpoints(n, 0),
    },
  });
}

describeKubernetes('a cluster of 1,000 services with 10,000 endpoints', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const kubeconfig = await accountOf(kubernetes, 'pilot');
    await inParallel(SERVICES, create);
    pilot = await PilotRig.start([MESH], ['--kubeconfig', kubeconfig]);
  }, 240_000);
  afterAll(async () => {
    await pilot?.stop();
    await kubernetes?.stop();
  });

  const registered = async (): Promise<number> => {
    const line = /^pilot_registry_objects\{cluster="Kubernetes",type="endpointslices[^}]*\} (\d+)$/m;
    return Number(line.exec(await pilot.metrics())?.[1]);
  };

  it('that flap costs the EDS of the services concerned, and memory within bounds', async () => {
    await until(async () => (await registered()) === SERVICES, patience);
    const proxy = new SimulatedProxy(pilot.xds, 1, { bytes: 0, messages: 0 });
    proxy.connect();
    await proxy.ready;
    const pushed = new Map<string, Set<string>>();
    let responses = 0;
    proxy.onResponse = (type, names) => {
      responses += 1;
      pushed.set(type, new Set([...(pushed.get(type) ?? []), ...names]));
    };
    const { pid } = pilot.process;
    const [memory, cpu] = [residentMb(pid), cpuMs(pid)];
    const concerned = new Set<string>();
    // Half of the services flap, each several times; the others are left alone.
    await inParallel(FLAPS, async (n) => {
      const service = (n * 2) % SERVICES;
      concerned.add(`outbound|80||svc-${service}.default.svc.cluster.local`);
      const body = { endpoints: endpoints(service, (n % 255) + 1) };
      await kubernetes.client.send('PATCH', `${SLICES}/svc-${service}`, {
        contentType: 'application/merge-patch+json',
        body,
      });
    });
    const mark = 'outbound|80||svc-1.default.svc.cluster.local';
    await kubernetes.client.send('PATCH', `${SLICES}/svc-1`, {
      contentType: 'application/merge-patch+json',
      body: { endpoints: endpoints(1, 1) },
    });
    await until(() => pushed.get('ClusterLoadAssignment')?.has(mark), patience);
    const grown = Math.round(residentMb(pid) - memory);
    const spent = Math.round(cpuMs(pid) - cpu);
    expect([...pushed.keys()]).toEqual(['ClusterLoadAssignment']);
    expect(pushed.get('ClusterLoadAssignment')).toEqual(new Set([...concerned, mark]));
    expect(responses).toBeLessThanOrEqual(FLAPS + 1);
    process.stdout.write(
      `${FLAPS} flaps: ${responses} responses, ${spent} ms of CPU, Pilot from ${Math.round(memory)} MB by ${grown} MB\n`,
    );
    expect(grown).toBeLessThan(MAX_GROWTH_MB);
    proxy.close();
  });
});

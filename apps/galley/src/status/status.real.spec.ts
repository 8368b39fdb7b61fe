import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import { resourcePath } from '#common/kube';
import type { KubeObject } from '#common/kube';
import { connectNats } from '#common/nats';
import {
  describeKubernetes,
  freePort,
  spawnProcess,
  startKubernetes,
  startNats,
  tempDir,
  until,
} from '#common/testing';
import type { RunningKubernetes, RunningNats, SpawnedProcess } from '#common/testing';
import { accountOf } from '../../../../test/kubernetes/support/accounts.js';
import { installDefinitions } from '../../../../test/kubernetes/support/definitions.js';
import { virtualService } from '../pipeline.rig.js';
import type { Condition, IstioStatus } from './istio-status.js';
import type { PilotSummary } from './rollout.js';

jest.setTimeout(180_000);

const MAIN = fileURLToPath(new URL('../../../../dist/apps/galley/src/main.js', import.meta.url));
const SERVICES = { group: 'networking.istio.io', version: 'v1', plural: 'virtualservices' };
const KEY = 'networking.istio.io/VirtualService/default/reviews';

let kubernetes: RunningKubernetes;
/** Of Galley: the kubeconfig. */
let account: string;
let nats: RunningNats;
const open: NatsConnection[] = [];
/** What a Pilot would say. */
let summary: PilotSummary = { pilot: 'pilot', proxies: 0, held: [], refused: [] };

async function galley(state: string): Promise<SpawnedProcess> {
  const http = `127.0.0.1:${await freePort()}`;
  const common = ['--state', state, '--http', http, '--nats', nats.url, '--kubeconfig', account];
  const child = spawnProcess(process.execPath, [MAIN, ...common, '--write-status'], {
    name: 'galley',
  });
  await until(async () => (await fetch(`http://${http}/readyz`)).ok, { what: 'galley', timeout: 60_000 });
  return child;
}

/** Answers questions as Pilot does. */
async function answer(): Promise<void> {
  const connection = await connectNats({ url: nats.url, name: 'pilot' });
  open.push(connection);
  connection.subscribe('pilot.proxies.summary', {
    callback: (_error, message) => {
      const { id } = JSON.parse(new TextDecoder().decode(message.data)) as { id: string };
      message.respond(JSON.stringify({ id, response: summary, isDisposed: true }));
    },
  });
}

const gateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: default}
spec:
  selector: {istio: gateway}
  servers:
  - {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: web}}
`;

type Stated = KubeObject & { readonly status?: IstioStatus };
const get = (): Promise<Stated> =>
  kubernetes.client.get<Stated>(resourcePath(SERVICES, 'default', 'reviews'));
const condition = async (type: string): Promise<Condition | undefined> =>
  ((await get()).status?.conditions as Condition[] | undefined)?.find((one) => one.type === type);
const apply = (text: string) => kubernetes.kubectl(['apply', '-f', '-'], text);
interface Event {
  readonly reason: string;
  readonly regarding: { readonly kind: string; readonly name: string };
}
/** Of the object alone: a starting API server tells of its own in the same namespace. */
const reasons = async (): Promise<string[]> => {
  const path = resourcePath({ group: 'events.k8s.io', version: 'v1', plural: 'events' }, 'default');
  const { items } = await kubernetes.client.get<{ items: Event[] }>(path);
  const own = items.filter(({ regarding }) => regarding.kind === 'VirtualService');
  return own.map(({ reason }) => reason).sort();
};
const patient = { timeout: 30_000 };

describeKubernetes("the status of a cluster's resources", () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installDefinitions(kubernetes);
    account = await accountOf(kubernetes, 'galley');
    nats = await startNats();
  }, 180_000);
  afterAll(async () => {
    for (const connection of open) await connection.close();
    await nats?.kill();
    await kubernetes?.stop();
  });

  it('says what Galley thinks of them, how far the proxies are and what Envoy refuses; nothing twice', async () => {
    await answer();
    const state = tempDir();
    summary = { pilot: 'pilot', proxies: 3, held: [[1_000, 3]], refused: [] };
    const first = await galley(state);
    await apply(virtualService('reviews'));
    await until(async () => (await condition('Accepted'))?.status === 'True', patient);
    await until(async () => (await condition('Reconciled'))?.status === 'True', patient);
    expect((await condition('Reconciled'))?.message).toMatch(
      /^revision \d+: 3 of 3 connected proxies hold it$/,
    );
    expect((await get()).status).toMatchObject({
      observedGeneration: 1,
      validationMessages: [{ type: { code: 'IST0101' } }, { type: { code: 'IST0101' } }],
    });

    const refused = {
      config: KEY,
      type: 'RDS',
      name: '80',
      proxy: 'sidecar~1',
      message: 'no such cluster',
      inForce: 'nothing',
    };
    summary = { ...summary, held: [[1, 3]], refused: [refused] };
    await apply(virtualService('reviews', 'v2'));
    await until(async () => (await condition('Reconciled'))?.reason === 'Refused', patient);
    expect((await condition('Reconciled'))?.message).toContain('no such cluster');
    summary = { ...summary, held: [[1_000, 3]], refused: [] };
    await until(async () => (await condition('Reconciled'))?.reason === 'Held', patient);

    // What the schema of the definition lets through, and Galley does not.
    await apply(virtualService('reviews', 'v3').replace('hosts:\n  - reviews', 'hosts:\n  - "a b"'));
    await until(async () => (await condition('Accepted'))?.status === 'False', patient);
    expect((await condition('Accepted'))?.message).toMatch(
      /^spec\.hosts\[0\].*its last good version stays in force$/,
    );
    await until(async () => {
      expect(await reasons()).toEqual(['RefusedByEnvoy', 'Rejected']);
      return true;
    }, patient);
    const table = await kubernetes.kubectl(['get', 'vs']);
    expect(table.stdout).toMatch(/reviews +\["a b"\] +False/);

    // Another route of the same host, which comes too late.
    await apply(virtualService('late').replace('- late', '- reviews'));
    const late = resourcePath(SERVICES, 'default', 'late');
    const codes = async (): Promise<string[]> => {
      const { status } = await kubernetes.client.get<Stated>(late);
      return (status?.validationMessages ?? []).map(({ type }) => type.code);
    };
    await until(async () => (await codes()).includes('IST0109'), patient);
    await kubernetes.kubectl(['delete', 'vs', 'late']);

    // A secret that it names, and that no proxy gets.
    await apply(gateway);
    const missing = { config: 'networking.istio.io/Gateway/default/web', secret: 'web', reason: 'none' };
    summary = { ...summary, missing: [missing] };
    const ofGateway = async (): Promise<string | undefined> => {
      const path = resourcePath({ ...SERVICES, plural: 'gateways' }, 'default', 'web');
      return (await kubernetes.client.get<Stated>(path)).status?.validationMessages[0]?.message;
    };
    await until(async () => (await ofGateway())?.includes('asks for secret "web" in vain: none'), patient);
    summary = { ...summary, missing: [] };
    await until(async () => (await ofGateway()) === undefined, patient);

    // A restart knows what stands there.
    await first.stop();
    const before = (await get()).metadata.resourceVersion;
    const second = await galley(state);
    await apply(virtualService('other'));
    const other = resourcePath(SERVICES, 'default', 'other');
    await until(
      async () => (await kubernetes.client.get<Stated>(other)).status?.conditions.length === 2,
      patient,
    );
    expect((await get()).metadata.resourceVersion).toBe(before);
    await second.stop();
  });
});

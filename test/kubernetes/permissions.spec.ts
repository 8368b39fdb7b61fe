import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import {
  describeKubernetes,
  freeAddress,
  quartet,
  spawnProcess,
  startKubernetes,
  startNats,
  tempDir,
  until,
} from '#common/testing';
import type { RunningKubernetes, RunningNats, SpawnedProcess } from '#common/testing';
import type { Diagnostic } from '#config';
import { accountOf } from './support/accounts.js';
import { definitionsServed } from './support/definitions.js';

jest.setTimeout(120_000);

const patience = { timeout: 60_000 };
let kubernetes: RunningKubernetes;
let nats: RunningNats;
let galley: SpawnedProcess;
let http: string;

const virtualService = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec:
  hosts: [reviews.example.com]
  http: [{directResponse: {status: 200}}]
`;

describeKubernetes('Galley, with what it may do and no more', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const { stdout } = await quartet('manifest', 'generate');
    await kubernetes.kubectl(['apply', '--server-side', '-f', '-'], stdout);
    await definitionsServed(kubernetes);
    nats = await startNats();
    http = await freeAddress();
    galley = spawnProcess(process.execPath, [
      ...[join(packageRoot(), 'dist/apps/galley/src/main.js'), '--http', http, '--nats', nats.url],
      ...['--state', tempDir('q-galley-'), '--kubeconfig', await accountOf(kubernetes, 'galley')],
      ...['--lease', 'istio-system/istio-galley', '--write-status'],
    ]);
  }, 180_000);
  afterAll(async () => {
    await galley?.stop();
    await nats?.stop();
    await kubernetes?.stop();
  });

  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(`http://${http}${path}`)).json()) as T;

  it('reads all of the config, and leads', async () => {
    await until(async () => (await fetch(`http://${http}/readyz`)).ok, patience);
    await kubernetes.kubectl(['apply', '-f', '-'], virtualService);
    const holds = async (): Promise<boolean> => {
      const { instances } = await get<{ instances: Record<string, number> }>('/debug/snapshot');
      return instances['networking.istio.io/VirtualService'] === 1;
    };
    await until(holds, patience);
    // The API server needs a moment to know of new roles.
    const unreadable = async (): Promise<string[]> =>
      (await get<Diagnostic[]>('/debug/diagnostics')).flatMap(({ code, message }) =>
        code === 'QT0008' ? [message] : [],
      );
    await until(async () => (await unreadable()).length === 0, patience).catch(() => undefined);
    expect(await unreadable()).toEqual([]);
    const lease = [
      '-n',
      'istio-system',
      'get',
      'lease',
      'istio-galley',
      '-o',
      'jsonpath={.spec.holderIdentity}',
    ];
    expect((await kubernetes.kubectl(lease)).stdout).not.toBe('');
    const status = ['get', 'virtualservice', 'reviews', '-o', 'jsonpath={.status.conditions[*].type}'];
    await until(async () => (await kubernetes.kubectl(status)).stdout !== '', patience);
  });

  it.each([
    ['patch', 'validatingwebhookconfigurations/istio-galley', 'yes'],
    ['create', 'validatingwebhookconfigurations', 'yes'],
    ['create', 'virtualservices.networking.istio.io', 'yes'],
    ['create', 'events.events.k8s.io', 'yes'],

    ['patch', 'validatingwebhookconfigurations/other', 'no'],
    ['patch', 'virtualservices.networking.istio.io', 'no'],
    ['get', 'secrets', 'no'],
    ['list', 'pods', 'no'],
  ])('may %s %s: %s', async (verb, resource, answer) => {
    const who = ['--as', 'system:serviceaccount:istio-system:istio-galley-service-account'];
    const words = ['auth', 'can-i', verb, resource, '-n', 'istio-system', ...who];
    expect((await kubernetes.kubectl(words)).stdout.trim()).toBe(answer);
  });
});

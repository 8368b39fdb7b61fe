/**
 * Citadel without each single permission of the chart: a start for each, one after the other, for all Citadels of a
 * cluster write the same ConfigMaps, and one would do the other's work. It says so, once, in a detail of /readyz, and
 * does the rest.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import { citadelAuthority } from '#common/ca-client';
import { createCsr, generateKey } from '#common/identity';
import { PATCH } from '#common/kube';
import {
  describeKubernetes,
  freeAddress,
  spawnProcess,
  startKubernetes,
  tempDir,
  until,
} from '#common/testing';
import type { RunningKubernetes, SpawnedProcess } from '#common/testing';
import { accountOf, accountWithout } from './support/accounts.js';
import { needsProvenBy } from './support/needs.js';

jest.setTimeout(240_000);

const patient = { timeout: 30_000 };
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const ROOT = `${CONFIG_MAPS}/istio-ca-root-cert`;
const SECRET = '/api/v1/namespaces/istio-system/secrets/istio-ca-secret';
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';

interface Case {
  /** The condition of /readyz, and what it says. */
  readonly condition: string;
  readonly words: RegExp;
  /** What of its work is not done: certificates for pods, the ConfigMap that is not there, the one with another root. */
  readonly undone: readonly ('pods' | 'created' | 'changed')[];
}

const root = (words: RegExp): Case => ({
  condition: "the cluster's root",
  words,
  undone: ['pods', 'created', 'changed'],
});
const maps = (words: RegExp, ...undone: Case['undone']): Case => ({
  condition: 'rootConfigMaps',
  words,
  undone,
});

const plugged = (words: RegExp): Case => ({ condition: 'certificateAuthority', words, undone: [] });

const CASES: Readonly<Record<string, Case>> = {
  'get secrets': root(/^a permission is missing: .*cannot get resource "secrets"[^;]*$/),
  'create secrets': root(/^a permission is missing: .*cannot create resource "secrets"[^;]*$/),
  'list secrets': plugged(/^secret cacerts: a permission is missing: .*cannot list[^;]*$/),
  'watch secrets': plugged(/^secret cacerts: a permission is missing: .*cannot watch[^;]*$/),
  'create tokenreviews.authentication.k8s.io': {
    condition: 'tokenReviews',
    words: /^a permission is missing: .*cannot create resource "tokenreviews"[^;]*$/,
    undone: ['pods'],
  },
  'list namespaces': maps(
    /^namespaces: a permission is missing: [^;]*"namespaces"[^;]*$/,
    'created',
    'changed',
  ),
  'watch namespaces': maps(/^namespaces: a permission is missing: .*cannot watch[^;]*$/),
  'list configmaps': maps(
    /^configmaps: a permission is missing: [^;]*"configmaps"[^;]*$/,
    'created',
    'changed',
  ),
  'watch configmaps': maps(/^configmaps: a permission is missing: .*cannot watch[^;]*$/),
  'create configmaps': maps(/^configmaps .*cannot create resource "configmaps"[^;]*$/, 'created'),
  'patch configmaps': maps(/^configmaps .*cannot patch resource "configmaps"[^;]*$/, 'changed'),
};

let kubernetes: RunningKubernetes;
let citadel: SpawnedProcess | undefined;
let http: string;
let grpc: string;
let state: string;

async function start(kubeconfig: string): Promise<void> {
  [http, grpc, state] = [await freeAddress(), await freeAddress(), tempDir('q-state-')];
  const args = [
    ...[join(packageRoot(), 'dist/apps/citadel/src/main.js'), '--http', http, '--nats', 'nats://127.0.0.1:1'],
    ...['--grpc', grpc, '--state', state, '--kubeconfig', kubeconfig, '--log-level', 'error'],
  ];
  citadel = spawnProcess(process.execPath, args, { name: 'citadel' });
}

/** What /readyz says, by condition, where it says anything. */
async function details(): Promise<Record<string, string>> {
  interface Report {
    readonly conditions: Readonly<Record<string, { readonly detail: string }>>;
  }
  const { conditions } = (await (await fetch(`http://${http}/readyz`)).json()) as Report;
  const found = Object.entries(conditions).map(([name, { detail }]) => [name, detail] as const);
  return Object.fromEntries(found.filter(([, detail]) => detail !== ''));
}

/** Whether a pod of `books` is given a certificate. */
async function certifies(): Promise<boolean> {
  const file = join(state, 'root-cert.pem');
  if (!existsSync(file)) return false;
  const body = { spec: { audiences: ['istio-ca'] } };
  const answer = await kubernetes.client.send<{ status: { token: string } }>(
    'POST',
    `${ACCOUNTS}/books/token`,
    { body },
  );
  const request = { csr: createCsr(generateKey()), ttlSeconds: 60, roots: readFileSync(file, 'utf8') };
  const chain = citadelAuthority(grpc, 'cluster.local').createCertificate({
    ...request,
    token: answer.body.status.token,
  });
  return chain.then(
    () => true,
    () => false,
  );
}

async function holdsRoot(namespace: string): Promise<boolean> {
  const path = `/api/v1/namespaces/${namespace}/configmaps/istio-ca-root-cert`;
  const { data } = await kubernetes.client.get<{ data?: Record<string, string> }>(path);
  return data?.['root-cert.pem'] === readFileSync(join(state, 'root-cert.pem'), 'utf8');
}

/** One namespace without the ConfigMap, one with another root in it, and no root at all in the cluster. */
async function undo(): Promise<void> {
  const { client } = kubernetes;
  for (const path of [ROOT, SECRET]) await client.send('DELETE', path).catch(() => undefined);
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio-ca-root-cert' },
    data: { 'root-cert.pem': 'x' },
  };
  const query = { fieldManager: 'test', force: true };
  const path = '/api/v1/namespaces/other/configmaps/istio-ca-root-cert';
  await client.send('PATCH', path, { body, contentType: PATCH.apply, query });
}

const needs = needsProvenBy('citadel');

describeKubernetes('Citadel without leave', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await kubernetes.client.send('POST', ACCOUNTS, { body: { metadata: { name: 'books' } } });
    await kubernetes.client.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'other' } } });
  }, 180_000);
  afterEach(async () => {
    await citadel?.stop();
    citadel = undefined;
  });
  afterAll(() => kubernetes?.stop());

  it('is to say something of every need', () => {
    expect(needs.map(({ text }) => text).sort()).toEqual(Object.keys(CASES).sort());
  });

  it.each(needs)('to $text says so once, and does the rest', async (need) => {
    const { condition, words, undone } = CASES[need.text]!;
    await undo();
    await start(await accountWithout(kubernetes, 'citadel', need));
    const work = {
      pods: certifies,
      created: () => holdsRoot('default'),
      changed: () => holdsRoot('other'),
    };
    for (const [name, isDone] of Object.entries(work))
      if (!undone.includes(name as keyof typeof work)) await until(isDone, { ...patient, what: name });
    await until(async () => {
      if (undone.includes('pods')) await certifies();
      expect(await details()).toEqual({ [condition]: expect.stringMatching(words) });
      return true;
    }, patient);
    for (const name of undone) expect(await work[name]().catch(() => false)).toBe(false);
  });

  it('to read the root is ready as soon as it is given', async () => {
    await undo();
    const need = needs.find(({ text }) => text === 'get secrets')!;
    await start(await accountWithout(kubernetes, 'citadel', need));
    const answers = async (path: string): Promise<boolean> => (await fetch(`http://${http}${path}`)).ok;
    await until(() => answers('/healthz'), patient);
    expect(await answers('/readyz')).toBe(false);
    await accountOf(kubernetes, 'citadel');
    await until(() => answers('/readyz'), patient);
    await until(certifies, patient);
  });
});

/**
 * What Galley writes, without each single permission of the chart for it. What only the one that leads does (the Lease,
 * the webhook, Events) is a start for each: two that lead would do each other's work. Statuses are taken from a Galley
 * that runs, kind by kind, which costs half a second for each and shows that it is heard of when they are given back.
 * Of each: it is said, once and in the API server's words, and all the rest is done. What is read is taken away in
 * missing-permissions-reads.spec.ts, what Citadel may do in missing-permissions-citadel.spec.ts, and the one question of
 * Pilot's, which takes a gateway with an identity, in gateway-secrets.spec.ts.
 */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import {
  describeKubernetes,
  freeAddress,
  freePort,
  spawnProcess,
  startKubernetes,
  startNats,
  tempDir,
  until,
} from '#common/testing';
import type { RunningKubernetes, RunningNats, SpawnedProcess } from '#common/testing';
import type { Diagnostic } from '#config';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import { PATCH } from '#common/kube';
import { accountOf, accountWithout } from './support/accounts.js';
import { saidOfSources } from './support/diagnostics.js';
import { installDefinitions } from './support/definitions.js';
import { needsProvenBy, type Need } from './support/needs.js';
import { createSamples, samplePath } from './support/samples.js';
import { certificateFiles, webhookFlags, writeCertificate } from './support/webhook-certificate.js';

jest.setTimeout(300_000);

const patient = { timeout: 30_000 };
const files = certificateFiles(tempDir('q-lack-'));

let kubernetes: RunningKubernetes;
let nats: RunningNats;
let service: SpawnedProcess | undefined;
let http: string;

/** Galley with everything that it can be told to write, under this account. */
async function start(kubeconfig: string): Promise<void> {
  http = await freeAddress();
  const args = [
    ...[join(packageRoot(), 'dist/apps/galley/src/main.js'), '--http', http, '--nats', nats.url],
    ...['--state', tempDir('q-state-'), '--kubeconfig', kubeconfig, '--write-status'],
    ...['--lease', 'istio-system/istio-galley', ...webhookFlags(await freePort(), files)],
  ];
  service = spawnProcess(process.execPath, args, { name: 'galley' });
}

const get = async <T>(path: string): Promise<T> => (await (await fetch(`http://${http}${path}`)).json()) as T;
const apply = (text: string) => kubernetes.kubectl(['apply', '-f', '-'], text);

/** What it says of the cluster, everything but the config that it reads there. */
const said = async (): Promise<string[]> => saidOfSources(await get<Diagnostic[]>('/debug/diagnostics'));

const entry = (name: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: default}
spec: {hosts: [${name}.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE}
`;

/** Whether a resource is accepted, as its status says. */
async function accepted(path: string): Promise<string | undefined> {
  interface Written {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }
  const { status } = await kubernetes.client.get<Written>(path);
  return status?.conditions?.find(({ type }) => type === 'Accepted')?.status;
}

/** Has Galley tell of a resource again. */
const forgetStatus = (path: string) =>
  kubernetes.client.send('PATCH', `${path}/status`, { body: { status: null }, contentType: PATCH.merge });

/** Beside what everybody sees when Galley may not lead at all. */
const LEASES = {
  taken: /^QT0008 the lease .* cannot be taken, config is not published: .*leases/,
  renewed: /^QT0008 the lease .* cannot be renewed, nothing is written to the cluster: .*leases/,
};
const WORDS: Readonly<Record<string, RegExp>> = {
  'create events.events.k8s.io': /^QT0008 status cannot be written: .*cannot create resource "events"/,
  'get events.events.k8s.io': /^QT0008 status cannot be written: .*cannot get resource "events"/,
  'patch events.events.k8s.io': /^QT0008 status cannot be written: .*cannot patch resource "events"/,
  'create validatingwebhookconfigurations.admissionregistration.k8s.io':
    /^QT0014 .*cannot create resource "validatingwebhookconfigurations"/,
  'patch validatingwebhookconfigurations.admissionregistration.k8s.io':
    /^QT0014 .*cannot patch resource "validatingwebhookconfigurations"/,
  'create virtualservices.networking.istio.io': /^QT0014 .*cannot create resource "virtualservices"/,
  'create leases.coordination.k8s.io': LEASES.taken,
  'get leases.coordination.k8s.io': LEASES.taken,
  'update leases.coordination.k8s.io': LEASES.renewed,
};
const ENTRIES = '/apis/networking.istio.io/v1/namespaces/default/serviceentries';

describeKubernetes('Galley without leave to write', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installDefinitions(kubernetes);
    nats = await startNats();
    await writeCertificate(await TestCa.create(), files);
  }, 180_000);
  afterEach(async () => {
    await service?.stop();
    service = undefined;
  });
  afterAll(async () => {
    await nats?.stop();
    await kubernetes?.stop();
  });

  const says = (words: RegExp): Promise<unknown> =>
    until(async () => {
      expect(await said()).toEqual([expect.stringMatching(words)]);
      return true;
    }, patient);
  const needs = needsProvenBy('leads');
  const isLease = ({ resource }: Need): boolean => resource === 'leases';

  it('is to say something of every need', () => {
    expect(needs.map(({ text }) => text).sort()).toEqual(Object.keys(WORDS).sort());
  });

  it.each(needs.filter((need) => !isLease(need)))(
    'to $text says so once, and does all the rest',
    async (need) => {
      const name = `case-${needs.indexOf(need)}`;
      await kubernetes.kubectl(['delete', 'validatingwebhookconfigurations', '--all']);
      await start(await accountWithout(kubernetes, 'galley', need));
      await apply(`${entry(name)}---${entry(`${name}-bad`).replace('hosts: [', 'hosts: [a b, ')}`);
      await until(async () => (await accepted(`${ENTRIES}/${name}`)) === 'True', patient);
      await until(async () => (await accepted(`${ENTRIES}/${name}-bad`)) === 'False', patient);
      // The same again is the same Event, counted.
      await forgetStatus(`${ENTRIES}/${name}-bad`);
      await until(async () => (await accepted(`${ENTRIES}/${name}-bad`)) === 'False', patient);
      await says(WORDS[need.text]!);
    },
  );

  it.each(needs.filter(isLease))('to $text says so, and what it does not do therefore', async (need) => {
    await kubernetes.kubectl(['-n', 'istio-system', 'delete', 'lease', 'istio-galley']);
    await start(await accountWithout(kubernetes, 'galley', need));
    await until(async () => (await said()).some((text) => WORDS[need.text]!.test(text)), patient);
  });

  it('to patch the status of each kind says so, writes the others, and hears of it when it is given', async () => {
    const kinds = needsProvenBy('statuses').map((need) => {
      const plural = need.resource.replace('/status', '');
      return { need, path: samplePath(plural, need.group) };
    });
    await kubernetes.kubectl(['delete', 'validatingwebhookconfigurations', '--all']);
    await start(await accountOf(kubernetes, 'galley'));
    await createSamples(kubernetes);
    const isWritten =
      ({ path }: (typeof kinds)[number]) =>
      async () =>
        (await accepted(path)) !== undefined;
    for (const kind of kinds) await until(isWritten(kind), patient);
    for (const [at, { need, path }] of kinds.entries()) {
      await accountWithout(kubernetes, 'galley', need);
      const next = kinds[at + 1];
      for (const each of [path, ...(next ? [next.path] : [])]) await forgetStatus(each);
      const named = `cannot patch resource "${need.resource}"`;
      await until(async () => (await said()).join('\n').split(named).length === 2, {
        ...patient,
        what: need.text,
      });
      if (next) await until(isWritten(next), patient);
      expect((await said()).filter((text) => !text.startsWith('QT0008 status cannot be written: '))).toEqual(
        [],
      );
      expect(await accepted(path)).toBeUndefined();
    }
    await accountOf(kubernetes, 'galley');
    // They are tried twice a minute.
    for (const kind of kinds) await until(isWritten(kind), { timeout: 90_000 });
    await until(async () => (await said()).length === 0, patient);
  }, 600_000);
});

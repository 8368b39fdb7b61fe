import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import { ConfigLogReader } from '#common/config-log';
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
import { accountOf } from './support/accounts.js';
import { definitionsServed, installDefinitions } from './support/definitions.js';
import { certificateFiles, webhookFlags, writeCertificate } from './support/webhook-certificate.js';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';

jest.setTimeout(240_000);

const folder = tempDir('q-cold-');
const files = certificateFiles(folder);
const storeDir = join(folder, 'nats');
const patient = { timeout: 60_000 };

let kubernetes: RunningKubernetes;
/** Of Galley: the kubeconfig. */
let account: string;
let ca: TestCa;
let nats: RunningNats;
let natsPort: number;
let webhookPort: number;
let galley: SpawnedProcess;

/** Everything that Galley hangs on, and Galley; each can be started whether the others are there or not. */
const PARTS: Readonly<Record<string, () => Promise<unknown>>> = {
  cluster: async () => {
    await kubernetes.startApiServer();
    await definitionsServed(kubernetes);
  },
  bus: async () => (nats = await startNats({ port: natsPort, storeDir })),
  certificate: () => writeCertificate(ca, files),
  galley: async () => {
    const args = [
      ...['--kubeconfig', account, '--lease', 'istio-system/istio-galley', '--write-status'],
      ...[...webhookFlags(webhookPort, files), '--state', join(folder, 'galley')],
      ...['--http', `127.0.0.1:${await freePort()}`, '--nats', `nats://127.0.0.1:${natsPort}`],
    ];
    const main = join(packageRoot(), 'dist/apps/galley/src/main.js');
    galley = spawnProcess(process.execPath, [main, ...args], { name: 'galley' });
  },
};

/** As if the power had gone: nobody ends in order, and Galley stays registered as it was. */
async function blackout(): Promise<void> {
  await galley.kill();
  await Promise.all([nats.kill(), kubernetes.stopApiServer('SIGKILL')]);
  for (const file of Object.values(files)) rmSync(file as string);
}

const entry = (name: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: default}
spec: {hosts: [${name}.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE}
`;
const apply = (text: string) => kubernetes.kubectl(['apply', '-f', '-'], text);

interface Webhooks {
  readonly webhooks: readonly { readonly failurePolicy: string }[];
}
const isEnforced = async (): Promise<boolean> => {
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/istio-galley';
  return (await kubernetes.client.get<Webhooks>(path)).webhooks[0]?.failurePolicy === 'Fail';
};

/** Config is accepted by the API server, and in the log: everything works again. */
async function works(name: string): Promise<void> {
  // Not what is left of the Galley before: this one asks for less at first, and for all of it when it was seen to work.
  await until(() => /failurePolicy.*Fail.*admission: registered/.test(galley.logs()), {
    ...patient,
    what: 'Galley to register',
  });
  await until(isEnforced, { ...patient, what: 'admission' });
  await until(async () => (await apply(entry(name))).code === 0, { ...patient, what: 'kubectl apply' });
  const connect = () => connectNats({ url: nats.url, name: 'pilot' });
  const reader = new ConfigLogReader({ connect, stateDir: tempDir() });
  await reader.start(() => undefined);
  const key = `networking.istio.io/ServiceEntry/default/${name}`;
  await until(() => reader.state.resources.has(key), { ...patient, what: 'the config log' });
  await reader.stop();
  const status = ['get', 'se', name, '-o', 'jsonpath={.status.conditions[?(@.type=="Accepted")].status}'];
  await until(async () => (await kubernetes.kubectl(status)).stdout === 'True', {
    ...patient,
    what: 'status',
  });
}

describeKubernetes('a cold start', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installDefinitions(kubernetes);
    account = await accountOf(kubernetes, 'galley');
    ca = await TestCa.create();
    [natsPort, webhookPort] = [await freePort(), await freePort()];
    for (const part of ['bus', 'certificate', 'galley']) await PARTS[part]!();
    await works('first');
  }, 240_000);
  afterAll(async () => {
    await galley?.kill();
    await nats?.kill();
    await kubernetes?.stop();
  });

  it.each([
    ['galley, certificate, bus, cluster'],
    ['galley, cluster, bus, certificate'],
    ['cluster, galley, certificate, bus'],
  ])('works in the order %s, though requests hang on a Galley that is not there', async (order) => {
    await blackout();
    expect(existsSync(files.certificate)).toBe(false);
    for (const part of order.split(', ')) {
      await PARTS[part]!();
      // The registration that is left refuses what Galley cannot be asked about: but for its own namespace.
      if (part !== 'cluster' || order.indexOf('certificate') < order.indexOf('cluster')) continue;
      expect((await apply(entry('too-early'))).stderr).toContain('failed calling webhook');
      const own = entry('own').replace('namespace: default', 'namespace: istio-system');
      expect(await apply(own)).toMatchObject({ code: 0 });
    }
    await works(order.replaceAll(', ', '-'));
  });
});

import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { KubeClient, readKubeconfig } from '#common/kube';
import { silentLog } from '#common/nats';
import { describeKubernetes, freePort, startKubernetes, tempDir, until } from '#common/testing';
import type { RunningKubernetes } from '#common/testing';
import { accountOf } from '../../../../test/kubernetes/support/accounts.js';
import { installDefinitions } from '../../../../test/kubernetes/support/definitions.js';
import {
  certificateFiles,
  writeCertificate,
} from '../../../../test/kubernetes/support/webhook-certificate.js';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import { startGalley, stopGalleys, virtualService } from '../pipeline.rig.js';
import { Admission } from './admission.js';

jest.setTimeout(180_000);

let kubernetes: RunningKubernetes;
/** Of Galley: the kubeconfig. */
let account: string;
const files = certificateFiles(tempDir('q-crt-'));
const open: Admission[] = [];

const CONFIGURATION = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/istio-galley';

async function issue(): Promise<string> {
  return Buffer.from(await writeCertificate(await TestCa.create(), files)).toString('base64');
}

interface Situation {
  leads: boolean;
  ready: boolean;
}

async function start(situation: Situation = { leads: true, ready: true }) {
  const client = new KubeClient(readKubeconfig(account));
  const galley = await startGalley(undefined, undefined, { client, name: 'test' });
  const port = await freePort();
  const admission = new Admission({
    config: {
      bind: { host: '127.0.0.1', port },
      name: 'istio-galley',
      address: { url: `https://127.0.0.1:${port}` },
      ownNamespace: 'istio-system',
      certificate: files,
    },
    state: tempDir(),
    client,
    bundle: { current: () => undefined, subscribe: () => () => undefined },
    examine: (reading) => galley.pipeline.examine(reading),
    ready: () => situation.ready,
    leads: () => situation.leads,
    log: silentLog,
  });
  open.push(admission);
  await admission.start();
  return { admission, galley, port };
}

interface Configuration {
  readonly webhooks: readonly { failurePolicy: string; clientConfig: { caBundle: string } }[];
}
const configuration = (): Promise<Configuration> => kubernetes.client.get<Configuration>(CONFIGURATION);
const policies = async (): Promise<string[]> =>
  (await configuration()).webhooks.map(({ failurePolicy }) => failurePolicy);
const untilEnforced = () =>
  until(async () => (await policies())[0] === 'Fail', { timeout: 60_000, what: 'the webhook' });

const apply = (text: string, ...args: string[]) => kubernetes.kubectl(['apply', '-f', '-', ...args], text);
const invalid = virtualService('reviews').replace('hosts:\n  - reviews', 'hosts:\n  - "a b"');

describeKubernetes('admission', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installDefinitions(kubernetes);
    account = await accountOf(kubernetes, 'galley');
    await issue();
  }, 180_000);
  afterEach(async () => {
    for (const admission of open.splice(0)) await admission.close();
    await stopGalleys();
    await kubernetes.kubectl(['delete', 'validatingwebhookconfigurations', '--all']);
    await kubernetes.kubectl(['delete', 'virtualservices', '--all', '--all-namespaces']);
  });
  afterAll(() => kubernetes?.stop());

  it('refuses with path and reason, accepts with warnings, and looks at a dry run as well', async () => {
    await start();
    await untilEnforced();
    const refused = await apply(invalid);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(
      /admission webhook "validation\.galley\.istio\.io" denied the request: configuration is invalid: spec\.hosts\[0\]: .*\[IST0106\]/,
    );
    const dryRun = await apply(invalid, '--dry-run=server');
    expect(dryRun.stderr).toContain('configuration is invalid: spec.hosts[0]');
    const accepted = await apply(virtualService('reviews'));
    expect(accepted).toMatchObject({ code: 0, stdout: expect.stringContaining('created') });
    expect(accepted.stderr).toMatch(
      /Warning: spec\.http\[0\]\.route\[0\]\.destination.* not found \[IST0101\]/,
    );
    const own = await apply(invalid, '-n', 'istio-system');
    expect(own.stderr).toContain('"own.validation.galley.istio.io" denied the request');
    const mesh = [
      'create',
      'configmap',
      'istio',
      '-n',
      'istio-system',
      '--from-literal=mesh={connectTimeout: soon}',
    ];
    expect((await kubernetes.kubectl(mesh)).stderr).toContain('"mesh.validation.galley.istio.io" denied');
    expect((await kubernetes.kubectl(['get', 'vs', '-A', '-o', 'name'])).stdout.trim()).toBe(
      'virtualservice.networking.istio.io/reviews',
    );
  });

  it('is registered by what is seen to work, and is put back where somebody changes it', async () => {
    const situation = { leads: true, ready: false };
    const { admission } = await start(situation);
    await until(() => admission.problem?.includes('HTTP 503'), { timeout: 30_000 });
    await expect(configuration()).rejects.toMatchObject({ status: 404 });
    situation.ready = true;
    await untilEnforced();
    expect(await policies()).toEqual(['Fail', 'Ignore', 'Ignore']);
    situation.ready = false;
    await until(async () => (await policies())[0] === 'Ignore', { timeout: 30_000 });
    situation.ready = true;
    await untilEnforced();
    await kubernetes.kubectl(['delete', 'validatingwebhookconfiguration', 'istio-galley']);
    await untilEnforced();
    const roots = await issue();
    await until(async () => (await configuration()).webhooks[0]!.clientConfig.caBundle === roots, {
      timeout: 30_000,
    });
    await untilEnforced();
    await until(async () => (await apply(invalid)).stderr.includes('denied the request'), {
      timeout: 30_000,
    });
  });

  it('holds its policy while Galley is down; its own namespace is open, and an orderly end opens all', async () => {
    const { admission, port } = await start();
    await untilEnforced();
    // As after a SIGKILL: it answers no more, and had no time to say so.
    const server = (admission as unknown as { server: { close(): Promise<void> } }).server;
    await server.close();
    const away = await apply(virtualService('a'));
    expect(away.stderr).toMatch(/failed calling webhook "validation\.galley\.istio\.io"/);
    const own = virtualService('a').replace('name: a', 'name: a\n  namespace: istio-system');
    expect(await apply(own)).toMatchObject({ code: 0 });
    // Status and everything that is no mesh config does not pass here.
    expect(await kubernetes.kubectl(['create', 'configmap', 'any', '-n', 'istio-system'])).toMatchObject({
      code: 0,
    });
    await admission.close();
    expect(await policies()).toEqual(['Ignore', 'Ignore', 'Ignore']);
    await until(async () => (await apply(virtualService('a'))).code === 0, { timeout: 30_000 });
    expect(port).toBeGreaterThan(0);
  });

  it('answers bursts in time, and says what is no request', async () => {
    const { port } = await start();
    await untilEnforced();
    const times: number[] = [];
    const path = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';
    const worker = async (): Promise<void> => {
      for (let at = 0; at < 40; at += 1) {
        const started = performance.now();
        const body = JSON.parse(JSON.stringify(objectOf(at))) as object;
        await kubernetes.client.send('POST', path, { body, query: { dryRun: 'All' } });
        times.push(performance.now() - started);
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    times.sort((left, right) => left - right);
    const at = (part: number): string => times[Math.floor(times.length * part)]!.toFixed(1);
    const { stdout } = await kubernetes.kubectl(['get', '--raw', '/metrics']);
    const words = [
      `whole requests, 8 at once: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
      `of these Galley, as the API server counts: p50 ${webhookTime(stdout, 0.5)} ms, p99 ${webhookTime(stdout, 0.99)} ms`,
    ];
    process.stdout.write(`admission: ${words.join('; ')}\n`);
    expect(times).toHaveLength(320);
    const url = `https://127.0.0.1:${port}`;
    const { post } = await poster(url);
    expect(await post('/validate', '{')).toBe(400);
    expect(await post('/validate', '')).toBe(400);
    expect(await post('/validate', '{}', 'text/plain')).toBe(415);
    expect(await post('/other', '{}')).toBe(404);
    expect(await post('/validate', ' '.repeat(8 * 1024 * 1024))).toBe(413);
  });
});

/** Upper bound of the bucket in which so large a part of the webhook's answers ends, in milliseconds. */
function webhookTime(metrics: string, part: number): number {
  const name = 'apiserver_admission_webhook_admission_duration_seconds_bucket';
  const buckets = metrics.split('\n').flatMap((line) => {
    if (!line.startsWith(name) || !line.includes('name="validation.galley.istio.io"')) return [];
    if (!line.includes('operation="CREATE"') || !line.includes('rejected="false"')) return [];
    const [, bound = ''] = /le="([^"]+)"/.exec(line) ?? [];
    return [{ bound: bound === '+Inf' ? Infinity : Number(bound), count: Number(line.split(' ').at(-1)) }];
  });
  const total = buckets.at(-1)?.count ?? 0;
  return (buckets.find(({ count }) => count >= total * part)?.bound ?? NaN) * 1_000;
}

const objectOf = (at: number) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: `burst-${at}`, namespace: 'default' },
  spec: {
    hosts: [`burst-${at}`],
    http: Array.from({ length: 20 }, (_, route) => ({
      match: [{ uri: { prefix: `/${route}` } }],
      route: [{ destination: { host: `burst-${at}` } }],
    })),
  },
});

async function poster(url: string) {
  const { request } = await import('node:https');
  const post = (path: string, body: string, type = 'application/json'): Promise<number> =>
    new Promise((resolve, reject) => {
      const options = { method: 'POST', rejectUnauthorized: false, headers: { 'content-type': type } };
      const outgoing = request(url + path, options, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      // The answer to what is too large comes before all of it was sent.
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EPIPE' || error.code === 'ECONNRESET' ? resolve(413) : reject(error),
      );
      outgoing.end(body);
    });
  return { post };
}

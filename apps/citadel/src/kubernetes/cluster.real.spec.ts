import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { Status } from '#common/grpc';
import { readKubeconfig } from '#common/kube';
import { describeKubernetes, startKubernetes, tempDir, until, type RunningKubernetes } from '#common/testing';
import { accountOf } from '../../../../test/kubernetes/support/accounts.js';
import { TestCitadel } from '../serve/test-citadel.js';

jest.setTimeout(120_000);

const patience = { timeout: 30_000 };
let kubernetes: RunningKubernetes;
/** Of an account that may do what Citadel needs, and no more. */
let kubeconfig: string;
const running: TestCitadel[] = [];

async function start(state = tempDir('q-ca-')): Promise<TestCitadel> {
  const citadel = await TestCitadel.start(state, { cluster: readKubeconfig(kubeconfig) });
  running.push(citadel);
  return citadel;
}

async function kubectl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await kubernetes.kubectl(args);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

const secret = async (name: string): Promise<Record<string, string>> => {
  const text = await kubectl('-n', 'istio-system', 'get', 'secret', name, '-o', 'jsonpath={.data}');
  const data = Object.entries(JSON.parse(text) as Record<string, string>);
  return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
};
const rootIn = (namespace: string): Promise<string> =>
  kubectl(
    '-n',
    namespace,
    'get',
    'configmap',
    'istio-ca-root-cert',
    '-o',
    'jsonpath={.data.root-cert\\.pem}',
  );
const token = (audience: string, ...more: string[]): Promise<string> =>
  kubectl('create', 'token', 'books', '--audience', audience, ...more);
const altNames = async (citadel: TestCitadel, bearer: string): Promise<string | undefined> => {
  const [leaf] = await citadel.createCertificate({ token: bearer });
  return new X509Certificate(leaf!).subjectAltName;
};

describeKubernetes('Citadel in a cluster', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    kubeconfig = await accountOf(kubernetes, 'citadel');
    await kubectl('create', 'serviceaccount', 'books');
  }, 180_000);
  afterEach(async () => {
    for (const citadel of running.splice(0)) await citadel.stop();
  });
  afterAll(() => kubernetes?.stop());

  it('has one root, however many start at once, and whoever comes later', async () => {
    const all = await Promise.all([start(), start(), start()]);
    const later = await start();
    const stored = await secret('istio-ca-secret');
    expect(Object.keys(stored).sort()).toEqual([
      'ca-cert.pem',
      'ca-key.pem',
      'cert-chain.pem',
      'root-cert.pem',
    ]);
    for (const { roots } of [...all, later]) expect(roots.trim()).toBe(stored['root-cert.pem']!.trim());
  });

  it('certifies pods by the tokens that Kubernetes gives them for it, and by no others', async () => {
    const citadel = await start();
    const uri = 'URI:spiffe://cluster.local/ns/default/sa/books';
    const own = await token('istio-ca');
    expect(await altNames(citadel, own)).toBe(uri);
    const pod = '{"containers":[{"name":"a","image":"none"}],"serviceAccountName":"books"}';
    await kubernetes.client.send('POST', '/api/v1/namespaces/default/pods', {
      body: { metadata: { name: 'books-1' }, spec: JSON.parse(pod) as object },
    });
    const bound = await token('istio-ca', '--bound-object-kind', 'Pod', '--bound-object-name', 'books-1');
    expect(await altNames(citadel, bound)).toBe(uri);
    const refused = { code: Status.UNAUTHENTICATED };
    await expect(altNames(citadel, await token('other'))).rejects.toMatchObject(refused);
    const [head, claims, signature] = own.split('.');
    const forged = `${head}.${claims}.${signature!.split('').reverse().join('')}`;
    await expect(altNames(citadel, forged)).rejects.toMatchObject(refused);
    // With its pod a token ends that has not been shown yet.
    const late = await token('istio-ca', '--bound-object-kind', 'Pod', '--bound-object-name', 'books-1');
    await kubectl('delete', 'pod', 'books-1', '--force', '--grace-period=0');
    await expect(altNames(citadel, late)).rejects.toMatchObject(refused);
    // One that was shown counts for a few seconds more.
    const isRefused = (): Promise<boolean> =>
      altNames(citadel, bound).then(
        () => false,
        () => true,
      );
    await until(isRefused, patience);
  });

  it('tells every namespace whom to trust, and sees to it that it stays told', async () => {
    const { roots } = await start();
    const told = (namespace: string): Promise<unknown> =>
      until(async () => (await rootIn(namespace)) === roots.trim(), patience);
    await told('default');
    await told('istio-system');
    await kubectl('create', 'namespace', 'later');
    await told('later');
    await kubectl(
      '-n',
      'later',
      'patch',
      'configmap',
      'istio-ca-root-cert',
      '-p',
      '{"data":{"root-cert.pem":"x"}}',
    );
    await told('later');
    await kubectl('-n', 'later', 'delete', 'configmap', 'istio-ca-root-cert');
    await told('later');
  });

  it('starts with the root that it had, and certifies who has a certificate, while the API server is away', async () => {
    const state = tempDir('q-ca-');
    const { roots } = await start(state);
    const waiting = await token('istio-ca');
    await running.pop()!.stop();
    await kubernetes.stopApiServer('SIGKILL');
    const again = await start(state);
    expect(again.roots).toBe(roots);
    await expect(altNames(again, waiting)).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(await altNames(again, await again.createToken())).toContain('sa/bookinfo');
    await kubernetes.startApiServer();
    await until(() => altNames(again, waiting), patience);
  });

  it('signs by the authority that an administrator plugs in, below its root', async () => {
    const folder = tempDir('q-plug-');
    const openssl = (...args: string[]): void =>
      void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    writeFileSync(join(folder, 'ext'), 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n');
    const usage = ['-addext', 'keyUsage=critical,keyCertSign'];
    const key = ['-newkey', 'rsa:2048', '-nodes'];
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'root-key.pem',
      '-out',
      'root-cert.pem',
      '-subj',
      '/O=root',
      ...usage,
    );
    openssl('req', ...key, '-keyout', 'ca-key.pem', '-out', 'ca.csr', '-subj', '/O=below');
    const above = ['-CA', 'root-cert.pem', '-CAkey', 'root-key.pem', '-CAcreateserial', '-extfile', 'ext'];
    openssl('x509', '-req', '-in', 'ca.csr', ...above, '-out', 'ca-cert.pem');
    const file = (name: string): string => readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, 'cert-chain.pem'), file('ca-cert.pem') + file('root-cert.pem'));
    const files = ['ca-cert.pem', 'ca-key.pem', 'root-cert.pem', 'cert-chain.pem'];
    const from = files.map((name) => `--from-file=${join(folder, name)}`);
    await kubectl('-n', 'istio-system', 'create', 'secret', 'generic', 'cacerts', ...from);
    const citadel = await start();
    expect(citadel.roots).toBe(file('root-cert.pem'));
    const chain = await citadel.createCertificate({ token: await token('istio-ca') });
    expect(chain).toHaveLength(3);
    expect(chain.at(-1)).toBe(file('root-cert.pem'));
    writeFileSync(join(folder, 'leaf.pem'), chain[0]!);
    writeFileSync(join(folder, 'untrusted.pem'), chain[1]!);
    openssl('verify', '-x509_strict', '-CAfile', 'root-cert.pem', '-untrusted', 'untrusted.pem', 'leaf.pem');
  });
});

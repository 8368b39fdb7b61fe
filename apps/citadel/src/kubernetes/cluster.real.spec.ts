import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Status } from '#common/grpc';
import { createCsr, fromPem, generateKey, identityFromChain } from '#common/identity';
import { readKubeconfig } from '#common/kube';
import { describeKubernetes, startKubernetes, tempDir, until, type RunningKubernetes } from '#common/testing';
import { accountOf, accountWithout } from '../../../../test/kubernetes/support/accounts.js';
import { TestIdentitySource } from '../../../../libs/common/src/identity/test-ca.js';
import type { RootFiles } from '../rotate/root-files.js';
import { newLeafFiles, newRootFiles } from '../rotate/test-root.js';
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
/** Whether the API server itself takes a token. */
async function isAuthentic(bearer: string): Promise<boolean> {
  const spec = { token: bearer, audiences: ['istio-ca'] };
  const { body } = await kubernetes.client.send<{ status: { authenticated?: boolean } }>(
    'POST',
    '/apis/authentication.k8s.io/v1/tokenreviews',
    { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec } },
  );
  return body.status.authenticated ?? false;
}

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
    const ofPod = (): Promise<string> =>
      token('istio-ca', '--bound-object-kind', 'Pod', '--bound-object-name', 'books-1');
    const bound = await ofPod();
    expect(await altNames(citadel, bound)).toBe(uri);
    const refused = { code: Status.UNAUTHENTICATED };
    await expect(altNames(citadel, await token('other'))).rejects.toMatchObject(refused);
    const [head, claims, signature] = own.split('.');
    const forged = `${head}.${claims}.${signature!.split('').reverse().join('')}`;
    await expect(altNames(citadel, forged)).rejects.toMatchObject(refused);
    // With its pod a token ends that has not been shown yet.
    const [late, probe] = [await ofPod(), await ofPod()];
    await kubectl('delete', 'pod', 'books-1', '--force', '--grace-period=0');
    // The API server judges by what it has heard of, which is a moment later.
    await until(async () => !(await isAuthentic(probe)), patience);
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
    const [root = Buffer.alloc(0)] = fromPem('CERTIFICATE', file('root-cert.pem'));
    expect(fromPem('CERTIFICATE', citadel.roots)[0]).toEqual(root);
    const chain = await citadel.createCertificate({ token: await token('istio-ca') });
    expect(chain).toHaveLength(3);
    expect(fromPem('CERTIFICATE', chain.at(-1)!)[0]).toEqual(root);
    writeFileSync(join(folder, 'leaf.pem'), chain[0]!);
    writeFileSync(join(folder, 'untrusted.pem'), chain[1]!);
    openssl('verify', '-x509_strict', '-CAfile', 'root-cert.pem', '-untrusted', 'untrusted.pem', 'leaf.pem');
  });

  describe('with a Secret cacerts that is replaced while it runs', () => {
    let root: RootFiles;
    const apply = async (files: Partial<RootFiles>): Promise<void> => {
      const encoded = Object.entries(files).map(([name, text]) => [
        name,
        Buffer.from(text).toString('base64'),
      ]);
      const metadata = { name: 'cacerts', namespace: 'istio-system' };
      const object = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata,
        data: Object.fromEntries(encoded) as object,
      };
      const { code, stderr } = await kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify(object));
      if (code !== 0) throw new Error(stderr);
    };
    const signedBy = async (
      citadel: TestCitadel,
      { 'ca-cert.pem': authority }: RootFiles,
    ): Promise<boolean> => {
      const [leaf] = await citadel.createCertificate({ token: await token('istio-ca') });
      return new X509Certificate(leaf!).verify(new X509Certificate(authority).publicKey);
    };
    const signs = (citadel: TestCitadel, by: RootFiles): Promise<unknown> =>
      until(() => signedBy(citadel, by), { ...patience, what: 'a leaf of the new authority' });
    const trusted = (bundle: string): string[] =>
      fromPem('CERTIFICATE', bundle).map((der) => der.toString('hex'));
    const trusts = (bundle: string, ...roots: RootFiles[]): void =>
      expect(trusted(bundle)).toEqual(
        expect.arrayContaining(roots.flatMap((files) => trusted(files['root-cert.pem']))),
      );

    beforeEach(async () => {
      root = newRootFiles();
      await kubernetes.kubectl(['-n', 'istio-system', 'delete', 'secret', 'cacerts']);
      await apply(root);
    });

    it('signs by the new one at once in every replica, and trusts the old one beside it', async () => {
      const state = tempDir('q-ca-');
      const all = await Promise.all([start(state), start()]);
      for (const citadel of all) expect(await signedBy(citadel, root)).toBe(true);
      const keys = generateKey();
      const csr = createCsr(keys);
      const chain = await all[0]!.createCertificate({ token: await token('istio-ca') }, { csr });
      const old = identityFromChain(chain, keys.privateKey, all[0]!.roots, { now: Date.now() });

      const next = newRootFiles();
      await apply(next);
      for (const citadel of all) await signs(citadel, next);
      for (const citadel of all) {
        expect(trusted(citadel.trustBundle())[0]).toBe(trusted(next['root-cert.pem'])[0]);
        trusts(citadel.trustBundle(), root);
        // Who has a certificate of the old authority is let in, and told of both.
        const renewed = await citadel.createCertificate({ identity: new TestIdentitySource(old) });
        trusts(renewed.at(-1)!, root, next);
      }
      await until(async () => {
        for (const namespace of ['default', 'istio-system']) trusts(await rootIn(namespace), root, next);
        return true;
      }, patience);
      await until(() => readFileSync(join(state, 'ca-key.pem'), 'utf8') === next['ca-key.pem'], patience);
      trusts(readFileSync(join(state, 'root-cert.pem'), 'utf8'), root, next);
    });

    it('has those who come later, with nothing of their own, trust the old one, too', async () => {
      const first = await start();
      const next = newRootFiles();
      await apply(next);
      await signs(first, next);
      await until(async () => {
        trusts(await rootIn('istio-system'), root, next);
        return true;
      }, patience);
      await running.pop()!.stop();
      const later = await start();
      await until(() => trusted(later.trustBundle()).includes(trusted(root['root-cert.pem'])[0]!), patience);
      expect(await signedBy(later, next)).toBe(true);
    });

    it('starts with it, and with whom it trusted, while the API server is away', async () => {
      const state = tempDir('q-ca-');
      const first = await start(state);
      const next = newRootFiles();
      await apply(next);
      await signs(first, next);
      await until(() => readFileSync(join(state, 'ca-key.pem'), 'utf8') === next['ca-key.pem'], patience);
      await running.pop()!.stop();
      await kubernetes.stopApiServer('SIGKILL');
      try {
        const again = await start(state);
        const [leaf] = await again.createCertificate({ token: await again.createToken() });
        const { publicKey } = new X509Certificate(next['ca-cert.pem']);
        expect(new X509Certificate(leaf!).verify(publicKey)).toBe(true);
        trusts(again.trustBundle(), root, next);
      } finally {
        await kubernetes.startApiServer();
      }
    });

    it('stays with the last good one, says why, and takes what is mended', async () => {
      const state = tempDir('q-ca-');
      const citadel = await start(state);
      const detail = (): string => citadel.detail('certificateAuthority');
      const other = newRootFiles();
      const withoutKey: Partial<RootFiles> = { 'ca-cert.pem': other['ca-cert.pem'] };
      const cases: [Partial<RootFiles>, RegExp][] = [
        [{ ...other, 'ca-key.pem': root['ca-key.pem'] }, /is of another key$/],
        [newRootFiles({ notAfter: Date.now() - 60_000 }), / ended on /],
        [newLeafFiles(other), /is not of a certificate authority$/],
        [{ ...other, 'root-cert.pem': root['root-cert.pem'] }, /the chain does not lead/],
        [p521(), /none of P-256, P-384 and RSA$/],
        [
          { ...other, 'ca-key.pem': 'nonsense' },
          /the key of the certificate authority cannot be read as PEM$/,
        ],
        [{ ...other, 'ca-cert.pem': 'nonsense' }, /the root certificate cannot be read as PEM$/],
        [withoutKey, /has no ca-cert.pem or no ca-key.pem$/],
      ];
      for (const [files, words] of cases) {
        // Nothing is left over of the case before.
        await kubectl('-n', 'istio-system', 'delete', 'secret', 'cacerts');
        await until(() => detail() === '', patience);
        await apply(files);
        await until(() => words.test(detail()), { ...patience, what: `${words} in '${detail()}'` });
        expect(await signedBy(citadel, root)).toBe(true);
        expect(trusted(citadel.trustBundle())).not.toContain(trusted(other['root-cert.pem'])[0]);
      }
      // Who starts meanwhile has the last good one on disk.
      const again = await start(state);
      expect(await signedBy(again, root)).toBe(true);
      await apply(other);
      for (const each of [citadel, again]) await signs(each, other);
      expect(detail()).toBe('');
    });

    it('goes on with the one in force when the Secret is removed', async () => {
      const citadel = await start();
      await kubectl('-n', 'istio-system', 'delete', 'secret', 'cacerts');
      const next = newRootFiles();
      // The next Secret is heard of after the removal: by then that has been seen, and left as it was.
      await apply({ ...next, 'ca-key.pem': '' });
      await until(() => citadel.detail('certificateAuthority') !== '', patience);
      expect(await signedBy(citadel, root)).toBe(true);
      await apply(next);
      await signs(citadel, next);
    });

    it.each(['list', 'watch'])(
      'says so where it may not %s Secrets, and signs all the same',
      async (verb) => {
        kubeconfig = await accountWithout(kubernetes, 'citadel', { verb, group: '', resource: 'secrets' });
        try {
          const citadel = await start();
          const words = /^secret cacerts: a permission is missing: [^;]*$/;
          await until(() => words.test(citadel.detail('certificateAuthority')), patience);
          expect(await signedBy(citadel, root)).toBe(true);
        } finally {
          kubeconfig = await accountOf(kubernetes, 'citadel');
        }
      },
    );
  });
});

/** An authority whose key signs nothing that peers verify. */
function p521(): RootFiles {
  const dir = tempDir('q-p521-');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp521r1', '-nodes', '-keyout', 'key.pem'];
  const args = ['req', '-x509', ...key, '-out', 'cert.pem', '-subj', '/O=root'];
  execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const certificate = readFileSync(join(dir, 'cert.pem'), 'utf8');
  return {
    'ca-cert.pem': certificate,
    'ca-key.pem': readFileSync(join(dir, 'key.pem'), 'utf8'),
    'root-cert.pem': certificate,
    'cert-chain.pem': '',
  };
}

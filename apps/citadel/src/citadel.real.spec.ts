import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, type JWTPayload } from 'jose';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { citadelUri, IstioCertificateService } from '#common/ca-client';
import { GrpcClient, Status } from '#common/grpc';
import { createCsr, generateKey, identityFromChain, type TlsIdentity } from '#common/identity';
import { tempDir, until } from '#common/testing';
import { TestCa, TestIdentitySource } from '../../../libs/common/src/identity/test-ca.js';
import { TestCitadel } from './serve/test-citadel.js';

const BOOKINFO = 'spiffe://cluster.local/ns/default/sa/bookinfo';

describe('Citadel', () => {
  let state: string;
  let citadel: TestCitadel;

  beforeAll(async () => {
    state = join(tempDir(), 'citadel');
    citadel = await TestCitadel.start(state);
  });

  afterAll(() => citadel.stop());

  /** An identity obtained from Citadel with a token. */
  async function obtain(validityDuration = 0): Promise<TlsIdentity> {
    const keys = generateKey();
    const token = await citadel.createToken();
    const chain = await citadel.createCertificate({ token }, { csr: createCsr(keys), validityDuration });
    return identityFromChain(chain, keys.privateKey, citadel.roots, { now: Date.now() });
  }

  it('keeps its secrets to itself', () => {
    const mode = (name: string) => statSync(join(state, name)).mode & 0o777;
    expect(statSync(state).mode & 0o777).toBe(0o700);
    for (const name of ['ca-key.pem', 'admin-credential', 'join-token-key.pem', 'join-token-uses.jsonl']) {
      expect([name, mode(name)]).toEqual([name, 0o600]);
    }
  });

  it('issues what other implementations take for a certificate of the proven identity', async () => {
    const chain = await citadel.createCertificate({ token: await citadel.createToken() });
    expect(chain).toHaveLength(2);
    expect(chain[1]).toBe(citadel.roots);
    const leaf = new x509.X509Certificate(chain[0]!);
    const root = new x509.X509Certificate(chain[1]!);
    expect(await leaf.verify({ publicKey: root })).toBe(true);
    expect(await root.verify()).toBe(true);
    expect(root.subject).toBe('O=cluster.local');
    expect(leaf.subject).toBe('');
    const names = leaf.getExtension(x509.SubjectAlternativeNameExtension)!;
    expect(names.critical).toBe(true);
    expect(names.names.toJSON()).toEqual([{ type: 'url', value: BOOKINFO }]);
    const usages = leaf.getExtension(x509.KeyUsagesExtension)!.usages;
    expect(usages).toBe(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment);
    expect(leaf.getExtension(x509.ExtendedKeyUsageExtension)!.usages).toEqual([
      x509.ExtendedKeyUsage.serverAuth,
      x509.ExtendedKeyUsage.clientAuth,
    ]);
    expect(leaf.getExtension(x509.BasicConstraintsExtension)!.ca).toBe(false);
    expect(root.getExtension(x509.BasicConstraintsExtension)!.ca).toBe(true);
    const lifetime = leaf.notAfter.getTime() - Date.now();
    expect(Math.abs(lifetime - 86_400_000)).toBeLessThan(10_000);
    expect(Math.abs(Date.now() - leaf.notBefore.getTime() - 120_000)).toBeLessThan(10_000);
  });

  it('puts the DNS names of a control plane service beside its identity', async () => {
    const galley = { namespace: 'istio-system', serviceAccount: 'istio-galley-service-account' };
    const [leaf] = await citadel.createCertificate({ token: await citadel.createToken(galley) });
    const certificate = new X509Certificate(leaf!);
    expect(certificate.checkHost('istio-galley.istio-system.svc')).toBeDefined();
    expect(certificate.subjectAltName).toContain('/ns/istio-system/sa/istio-galley-service-account');
  });

  it('issues what openssl verifies', async () => {
    const [leaf] = await citadel.createCertificate({ token: await citadel.createToken() });
    const dir = tempDir();
    writeFileSync(join(dir, 'leaf.pem'), leaf!);
    const verify = (purpose: string) =>
      execFileSync('openssl', [
        ...['verify', '-x509_strict', '-purpose', purpose, '-CAfile', join(state, 'root-cert.pem')],
        join(dir, 'leaf.pem'),
      ]).toString();
    expect(verify('sslserver')).toContain('OK');
    expect(verify('sslclient')).toContain('OK');
  });

  it.each([
    [
      'P-384',
      () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
      { name: 'ECDSA', hash: 'SHA-384' },
    ],
    [
      'RSA 2048',
      () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    ],
  ])(
    'signs a %s key of another implementation and ignores the names it wishes for',
    async (_, generate, algorithm) => {
      const keys = generate();
      const csr = await foreignCsr(
        keys,
        algorithm,
        'spiffe://cluster.local/ns/istio-system/sa/istio-pilot-service-account',
      );
      const [leaf] = await citadel.createCertificate({ token: await citadel.createToken() }, { csr });
      const certificate = new X509Certificate(leaf!);
      expect(certificate.subjectAltName).toBe(`URI:${BOOKINFO}`);
      expect(certificate.checkPrivateKey(keys.privateKey)).toBe(true);
    },
  );

  it('renews by the certificate alone', async () => {
    const identity = new TestIdentitySource(await obtain());
    const [leaf] = await citadel.createCertificate({ identity });
    expect(new X509Certificate(leaf!).subjectAltName).toBe(`URI:${BOOKINFO}`);
  });

  describe('refuses', () => {
    const code = (status: Status) => ({ code: status });

    it('who proves nothing', async () => {
      await expect(citadel.createCertificate({})).rejects.toMatchObject({
        ...code(Status.UNAUTHENTICATED),
        details: 'neither a verified client certificate nor a token',
      });
    });

    it('tokens that are used up, and counts uses through a restart', async () => {
      const token = await citadel.createToken({ uses: 2 });
      await citadel.createCertificate({ token });
      await citadel.stop();
      citadel = await TestCitadel.start(state);
      await citadel.createCertificate({ token });
      await expect(citadel.createCertificate({ token })).rejects.toMatchObject({
        ...code(Status.UNAUTHENTICATED),
        details: 'the token has been used up',
      });
    });

    it('all but one of many that bring the same token at once', async () => {
      const token = await citadel.createToken();
      const attempts = await Promise.allSettled(
        Array.from({ length: 8 }, () => citadel.createCertificate({ token })),
      );
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('a request that fails without using up its token', async () => {
      const token = await citadel.createToken();
      for (const request of [{ csr: 'nonsense' }, { validityDuration: 91 * 86_400 }]) {
        await expect(citadel.createCertificate({ token }, request)).rejects.toMatchObject(
          code(Status.INVALID_ARGUMENT),
        );
      }
      await expect(citadel.createCertificate({ token })).resolves.toHaveLength(2);
    });

    it.each<[string, (key: KeyObject) => Promise<string>]>([
      ['expired', (key) => forgeToken(key, { exp: -1 })],
      ['of another audience', (key) => forgeToken(key, { aud: 'kubernetes' })],
      ['of another issuer', (key) => forgeToken(key, { iss: 'other.domain' })],
      ['of another kind', (key) => forgeToken(key, { typ: 'JWT' })],
      ['naming nobody', (key) => forgeToken(key, { sub: 'system:serviceaccount:../../x:y' })],
      ['signed by another key', () => forgeToken(generateKey().privateKey, {})],
      ['without a number of uses', (key) => forgeToken(key, { uses: undefined })],
      ['unsigned', async () => unsignedToken()],
      ['far too long', async () => 'x'.repeat(6_000)],
    ])('a token that is %s', async (_, forge) => {
      const key = createPrivateKey(readFileSync(join(state, 'join-token-key.pem'), 'utf8'));
      const token = await forge(key);
      await expect(citadel.createCertificate({ token })).rejects.toMatchObject(code(Status.UNAUTHENTICATED));
    });

    it('certificates of strangers, however named', async () => {
      const forger = await TestCa.create('O=cluster.local');
      const other = await TestCa.create('O=other');
      for (const ca of [forger, other]) {
        const identity = new TestIdentitySource(await ca.issue(BOOKINFO));
        const attempt = citadel.createCertificate({ identity });
        await expect(attempt).rejects.toMatchObject({ name: 'StatusError' });
      }
      await expect(obtain()).resolves.toMatchObject({ roots: citadel.roots });
    });

    it('a certificate that ended while its connection stayed open', async () => {
      // Certificates count in seconds: of these six at least five are left for the first call.
      const identity = new TestIdentitySource(await obtain(6));
      const client = new GrpcClient(citadel.address, { identity, expectedUri: citadelUri('cluster.local') });
      const renew = () =>
        client.unary(IstioCertificateService.CreateCertificate, { csr: createCsr(generateKey()) });
      await renew();
      const refusal = await until(() =>
        renew().then(
          () => undefined,
          (error: unknown) => error,
        ),
      );
      expect(refusal).toMatchObject({
        code: Status.UNAUTHENTICATED,
        details: 'the client certificate has expired',
      });
      client.close();
    });

    it('tokens for anybody but the administrator', async () => {
      await expect(citadel.createToken({}, 'guess')).rejects.toMatchObject(code(Status.PERMISSION_DENIED));
      const joinToken = await citadel.createToken();
      await expect(citadel.createToken({}, joinToken)).rejects.toMatchObject(code(Status.PERMISSION_DENIED));
    });

    it.each([
      { namespace: 'a/b' },
      { namespace: '' },
      { serviceAccount: 'sa\n' },
      { ttlSeconds: -1 },
      { ttlSeconds: 366 * 86_400 },
      { uses: -1 },
      { uses: 1_000_000 },
    ])('a token with %j', async (request) => {
      await expect(citadel.createToken(request)).rejects.toMatchObject(code(Status.INVALID_ARGUMENT));
    });
  });

  it('survives what a scanner sends', async () => {
    const [host, port] = citadel.address.split(':');
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\xff\xff', '\0'.repeat(100_000)]) {
      const socket = connectTcp(Number(port), host).on('error', () => undefined);
      socket.end(bytes);
      await new Promise((resolve) => socket.resume().once('close', resolve));
    }
    await expect(obtain()).resolves.toBeDefined();
  });
});

describe('the state folder', () => {
  const running: TestCitadel[] = [];
  afterEach(async () => {
    for (const citadel of running.splice(0)) await citadel.stop();
  });

  async function start(state: string): Promise<TestCitadel> {
    const citadel = await TestCitadel.start(state);
    running.push(citadel);
    return citadel;
  }

  it('keeps the root through restarts', async () => {
    const state = tempDir();
    const first = await start(state);
    const second = await start(state);
    expect(second.roots).toBe(first.roots);
    expect(second.adminCredential).toBe(first.adminCredential);
  });

  it('is not used with a root whose key is gone', async () => {
    const state = tempDir();
    await start(state);
    rmSync(join(state, 'ca-key.pem'));
    await expect(TestCitadel.start(state)).rejects.toThrow('ca-key.pem is missing');
  });

  it('is not used with a key that is not of the root', async () => {
    const state = tempDir();
    await start(state);
    writeFileSync(
      join(state, 'ca-key.pem'),
      generateKey().privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    await expect(TestCitadel.start(state)).rejects.toThrow('the root certificate is of another key');
  });

  it('forgets no use of a token over a line that a crash cut short', async () => {
    const state = tempDir();
    const first = await start(state);
    const token = await first.createToken({ uses: 2 });
    await first.createCertificate({ token });
    await running.pop()!.stop();
    writeFileSync(join(state, 'join-token-uses.jsonl'), '{"jti":"half a li', { flag: 'a' });
    const second = await start(state);
    await second.createCertificate({ token });
    await running.pop()!.stop();
    const third = await start(state);
    await expect(third.createCertificate({ token })).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  });
});

async function foreignCsr(
  keys: { privateKey: KeyObject; publicKey: KeyObject },
  algorithm: { name: string; hash: string },
  uri: string,
): Promise<string> {
  const { subtle } = globalThis.crypto;
  const parameters = { ...algorithm, namedCurve: 'P-384' };
  const pkcs8 = keys.privateKey.export({ type: 'pkcs8', format: 'der' });
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=pilot, O=me',
    keys: {
      privateKey: await subtle.importKey('pkcs8', pkcs8, parameters, true, ['sign']),
      publicKey: await subtle.importKey('spki', spki, parameters, true, ['verify']),
    },
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }])],
  });
  return request.toString('pem');
}

function forgeToken(
  key: KeyObject,
  { exp = 600, typ = 'quartet-join+jwt', ...claims }: JWTPayload & { readonly typ?: string },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const sub = 'system:serviceaccount:default:bookinfo';
  return new SignJWT({ uses: 1, sub, jti: 'forged', iss: 'cluster.local', aud: 'istio-ca', ...claims })
    .setProtectedHeader({ alg: 'ES256', typ })
    .setIssuedAt(now)
    .setExpirationTime(now + exp)
    .sign(key);
}

function unsignedToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = {
    iss: 'cluster.local',
    aud: 'istio-ca',
    sub: 'system:serviceaccount:default:bookinfo',
    jti: 'x',
    uses: 1,
  };
  return `${part({ alg: 'none', typ: 'quartet-join+jwt' })}.${part({ ...payload, exp: 4e9 })}.`;
}

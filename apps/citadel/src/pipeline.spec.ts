import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomBytes, X509Certificate } from 'node:crypto';
import { createCsr, generateKey } from '#common/identity';
import { RateLimit } from './authorize/rate-limit.js';
import { createCertificate, type PipelineParts } from './pipeline.js';
import { Refusal } from './refusal.js';
import { signRoot } from './sign/certificate.js';
import { readIssuer } from './sign/issuer.js';

const NOW = 1_800_000_000_000;
const REVIEWS = { trustDomain: 'cluster.local', namespace: 'default', serviceAccount: 'reviews' };
const NO_CREDENTIALS = { certificate: undefined, bearer: undefined };

describe('the pipeline', () => {
  const redeem = jest.fn<() => Promise<void>>();
  let parts: PipelineParts;

  beforeEach(() => {
    redeem.mockReset().mockResolvedValue();
    const keys = generateKey();
    const validity = { notBefore: NOW, notAfter: NOW + 1e12 };
    const root = signRoot(keys, 'cluster.local', validity, randomBytes(16));
    const issuer = readIssuer(root, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    parts = {
      trustDomain: 'cluster.local',
      authority: () => ({ issuer, roots: issuer.roots }),
      lifetimes: { defaultTtl: 60_000, maxTtl: 120_000 },
      authenticators: [() => undefined, () => ({ id: REVIEWS, redeem })],
      issuance: new RateLimit({ perSecond: 1, burst: 2 }),
      now: () => NOW,
    };
  });

  const order = (changes = {}) => ({
    credentials: NO_CREDENTIALS,
    csr: createCsr(generateKey()),
    validitySeconds: 0,
    ...changes,
  });
  const refused = (changed: Partial<PipelineParts>, wish = {}) =>
    createCertificate(order(wish), { ...parts, ...changed }).then(
      () => 'issued',
      (error: unknown) => (error as Refusal).kind,
    );

  it('gives every leaf a serial of its own, below the year 2050 and after', async () => {
    const leaves = await Promise.all([createCertificate(order(), parts), createCertificate(order(), parts)]);
    const serials = leaves.map(([leaf]) => new X509Certificate(leaf!).serialNumber);
    expect(new Set(serials).size).toBe(2);
    const { issuer, roots } = parts.authority();
    const late = {
      ...parts,
      now: () => Date.UTC(2050, 0, 2),
      authority: () => ({ issuer: { ...issuer, notAfter: Date.UTC(2060, 0, 1) }, roots }),
    };
    const [leaf] = await createCertificate(order(), late);
    expect(Date.parse(new X509Certificate(leaf!).validTo)).toBe(Date.UTC(2050, 0, 2, 0, 1));
  });

  it('uses up nothing for a request that is refused', async () => {
    await expect(refused({}, { csr: 'x' })).resolves.toBe('invalid-csr');
    await expect(refused({ issuance: parts.issuance }, { validitySeconds: 121 })).resolves.toBe(
      'invalid-argument',
    );
    await expect(refused({})).resolves.toBe('too-many');
    expect(redeem).not.toHaveBeenCalled();
  });

  it('signs nothing for a token that was used up in between', async () => {
    redeem.mockRejectedValue(new Refusal('unauthenticated', 'the token has been used up'));
    await expect(refused({})).resolves.toBe('unauthenticated');
  });

  it("gives Galley the names of its Service, and those by which an API server outside asks it; nobody else's", async () => {
    const namesOf = async (namespace: string): Promise<string | undefined> => {
      const id = { ...REVIEWS, namespace, serviceAccount: 'istio-galley-service-account' };
      const galleyHosts = ['galley.example.com', '192.0.2.7', '2001:db8::1'];
      const changed = { authenticators: [() => ({ id, redeem })], galleyHosts };
      const [leaf] = await createCertificate(order(), { ...parts, ...changed });
      return new X509Certificate(leaf!).subjectAltName;
    };
    await expect(namesOf('istio-system')).resolves.toBe(
      [
        'URI:spiffe://cluster.local/ns/istio-system/sa/istio-galley-service-account',
        'DNS:istio-galley.istio-system, DNS:istio-galley.istio-system.svc',
        'DNS:istio-galley.istio-system.svc.cluster.local, DNS:galley.example.com',
        'IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:1',
      ].join(', '),
    );
    await expect(namesOf('default')).resolves.toBe(
      'URI:spiffe://cluster.local/ns/default/sa/istio-galley-service-account',
    );
  });

  it('vouches for its own trust domain only', async () => {
    const id = { ...REVIEWS, trustDomain: 'other.domain' };
    await expect(refused({ authenticators: [() => ({ id, redeem })] })).resolves.toBe('denied');
  });

  it('asks the next authenticator when one refuses, and tells what each said', async () => {
    const refusing = () => {
      throw new Refusal('unauthenticated', 'the client certificate has expired');
    };
    await expect(refused({ authenticators: [refusing, ...parts.authenticators] })).resolves.toBe('issued');
    const attempt = createCertificate(order(), { ...parts, authenticators: [refusing, refusing] });
    await expect(attempt).rejects.toThrow(
      'the client certificate has expired; the client certificate has expired',
    );
  });
});

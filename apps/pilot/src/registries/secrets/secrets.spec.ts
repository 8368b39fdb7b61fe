import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { TlsIdentity } from '#common/identity';
import { TestCa } from '../../../../../libs/common/src/identity/test-ca.js';
import { readCredential, type SecretData } from './read-credential.js';
import { SecretLedger } from './secret-ledger.js';

let ca: TestCa;
let leaf: TlsIdentity;
let other: TlsIdentity;
const NOW = Date.now();
const DAY = 86_400_000;

const data = (entries: Record<string, string>): SecretData =>
  Object.fromEntries(Object.entries(entries).map(([key, text]) => [key, Buffer.from(text)]));
const pair = ({ certChain, privateKey }: TlsIdentity) => ({ 'tls.crt': certChain, 'tls.key': privateKey });
const problems = (entries: Record<string, string>): string[] =>
  readCredential(data(entries), NOW).problems.map(({ path, message }) => `${path}: ${message}`);

beforeAll(async () => {
  ca = await TestCa.create('CN=web');
  leaf = await ca.issue([{ type: 'dns', value: 'shop.example.com' }]);
  other = await ca.issue([{ type: 'dns', value: 'other.example.com' }]);
});

describe('what a Secret holds', () => {
  it('reads the entries of both forms', async () => {
    const crl = await ca.revoke(other);
    const tls = readCredential(data({ ...pair(leaf), 'ca.crt': ca.roots, 'ca.crl': crl }), NOW);
    const generic = { cert: leaf.certChain, key: leaf.privateKey, cacert: ca.roots, crl };
    expect(tls.credential).toEqual(readCredential(data(generic), NOW).credential);
    expect(tls.credential?.certificate?.chain).toContain('BEGIN CERTIFICATE');
    expect(tls.credential?.certificate?.privateKey).toContain('BEGIN PRIVATE KEY');
    expect(tls.credential?.authority?.roots).toContain('BEGIN CERTIFICATE');
    expect(tls.credential?.authority?.revoked).toContain('BEGIN X509 CRL');
    expect(tls.about?.names).toEqual(['DNS:shop.example.com']);
  });

  it('reads whom to trust alone, and nothing from what is of another kind', () => {
    const { credential } = readCredential(data({ 'ca.crt': ca.roots }), NOW);
    expect(Object.keys(credential ?? {}).sort()).toEqual(['authority', 'digest']);
    expect(readCredential(data({ password: 'x' }), NOW)).toMatchObject({
      credential: undefined,
      problems: [],
    });
  });

  it('says what is wrong, without a word of the key', () => {
    expect(problems({ 'tls.crt': leaf.certChain })).toEqual(['data["tls.key"]: no private key in PEM']);
    expect(problems({ 'tls.key': leaf.privateKey })).toEqual(['data["tls.crt"]: no certificate in PEM']);
    const mixed = { 'tls.crt': leaf.certChain, 'tls.key': other.privateKey };
    expect(problems(mixed)).toEqual(['data["tls.key"]: not the key of the certificate in tls.crt']);
    expect(problems({ ...pair(leaf), 'tls.crt': 'text' })).toEqual([
      'data["tls.crt"]: no certificate in PEM',
    ]);
    const block = '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----';
    expect(problems({ 'ca.crt': block })).toEqual(['data["ca.crt"]: certificate 1 cannot be read']);
    expect(problems({ 'ca.crt': ca.roots, 'ca.crl': 'x' })).toEqual([
      'data["ca.crl"]: no list of revoked certificates in PEM',
    ]);
  });

  it('refuses keys that Envoy does not take', () => {
    const pem = (key: ReturnType<typeof generateKeyPairSync>['privateKey']): string =>
      key.export({ type: 'pkcs8', format: 'pem' }) as string;
    const { privateKey: short } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const { privateKey: edwards } = generateKeyPairSync('ed25519');
    const { privateKey: fine } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const [secret, cipher] = ['x', 'aes-256-cbc'];
    const locked = fine.export({ type: 'pkcs8', format: 'pem', passphrase: secret, cipher }) as string;
    const first = (key: string): string | undefined => problems({ ...pair(leaf), 'tls.key': key })[0];
    expect(first(pem(short))).toBe('data["tls.key"]: an RSA key of 1024 bits: Envoy wants 2048');
    expect(first(pem(edwards))).toBe('data["tls.key"]: Envoy takes keys of RSA, P-256, P-384 and P-521 only');
    expect(first(locked)).toBe('data["tls.key"]: the key is encrypted');
  });

  it('uses what has expired, and says so', () => {
    const { credential, remarks } = readCredential(data(pair(leaf)), NOW + DAY);
    expect(credential?.certificate).toBeDefined();
    expect(remarks[0]?.message).toMatch(/^a certificate has expired: \d{4}-/);
    expect(readCredential(data(pair(leaf)), NOW - DAY).remarks[0]?.message).toMatch(
      /^a certificate is not valid before/,
    );
  });
});

describe('a ledger of Secrets', () => {
  const edit = (entries: Record<string, string> | undefined) => ({
    ...{ namespace: 'edge', name: 'web', origin: { file: 'secrets', line: 0 } },
    data: entries && data(entries),
  });

  it('keeps what was good until something good takes its place, or the Secret is gone', () => {
    const ledger = new SecretLedger();
    const digest = (entries: Record<string, string> | undefined): string | undefined => {
      const { credentials } = ledger.take([edit(entries)], NOW);
      return credentials.has('edge/web') ? credentials.get('edge/web')?.digest : 'unchanged';
    };
    const first = digest(pair(leaf));
    expect(first).toHaveLength(64);
    expect(digest(pair(leaf))).toBe('unchanged');
    const { credentials, diagnostics } = ledger.take([edit({ ...pair(leaf), 'tls.crt': 'x' })], NOW);
    expect(credentials.size).toBe(0);
    expect(diagnostics).toMatchObject([
      {
        code: 'QT2003',
        path: 'data["tls.crt"]',
        message: 'Secret edge/web: no certificate in PEM; its last good content stays in use',
      },
    ]);
    expect(ledger.reports()).toMatchObject([
      { name: 'web', certificate: true, names: ['DNS:shop.example.com'] },
    ]);
    expect(digest(pair(leaf))).toBe('unchanged');
    expect(ledger.reports()[0]?.problems).toEqual([]);
    expect(digest(pair(other))).not.toBe(first);
    expect(digest(undefined)).toBeUndefined();
    expect(ledger.reports()).toEqual([]);
  });

  it('does not use one that never was good', () => {
    const { credentials, diagnostics } = new SecretLedger().take([edit({ 'tls.crt': leaf.certChain })], NOW);
    expect(credentials.size).toBe(0);
    expect(diagnostics[0]?.message).toContain('it is not used');
  });
});

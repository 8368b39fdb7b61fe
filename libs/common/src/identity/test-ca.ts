import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { toPem } from './pem.js';
import type { IdentitySource, TlsIdentity } from './types.js';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate authority for tests, by a library that Quartet itself does not use. */
export class TestCa {
  private constructor(
    private readonly keys: webcrypto.CryptoKeyPair,
    readonly certificate: x509.X509Certificate,
  ) {}

  static async create(name = 'CN=test root'): Promise<TestCa> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name,
      keys,
      signingAlgorithm: EC,
      ...validity(3_600_000),
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    return new TestCa(keys, certificate);
  }

  get roots(): string {
    return this.certificate.toString('pem') + '\n';
  }

  /** A leaf with these subject alternative names, valid from two minutes ago for `ttlMs`; `CN=...` is its subject. */
  async issue(
    names: string | x509.JsonGeneralNames,
    ttlMs = 3_600_000,
    subject?: string,
  ): Promise<TlsIdentity> {
    const keys = await generateKeys();
    const span = validity(ttlMs);
    const leaf = await this.leaf(keys.publicKey, names, {
      ...span,
      ...(subject !== undefined && { subject }),
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return {
      certChain: leaf.toString('pem') + '\n',
      privateKey: x509.PemConverter.encode(key, 'PRIVATE KEY') + '\n',
      roots: this.roots,
      notBefore: span.notBefore.getTime(),
      notAfter: span.notAfter.getTime(),
    };
  }

  /** What an authority answers to a request in PEM: a leaf of an hour, and the root. */
  async answer(csr: string, uri: string): Promise<string[]> {
    const { publicKey } = new x509.Pkcs10CertificateRequest(csr);
    return [(await this.leaf(publicKey, uri, validity(3_600_000))).toString('pem') + '\n', this.roots];
  }

  private leaf(
    publicKey: webcrypto.CryptoKey | x509.PublicKey,
    names: string | x509.JsonGeneralNames,
    fields: { notBefore: Date; notAfter: Date; subject?: string },
  ): Promise<x509.X509Certificate> {
    return x509.X509CertificateGenerator.create({
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex'),
      issuer: this.certificate.subject,
      signingKey: this.keys.privateKey,
      publicKey,
      signingAlgorithm: EC,
      ...fields,
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          typeof names === 'string' ? [{ type: 'url', value: names }] : names,
          true,
        ),
      ],
    });
  }

  /** A list of the leaves that are no longer to be trusted. */
  async revoke(...leaves: readonly TlsIdentity[]): Promise<string> {
    const { notBefore, notAfter } = validity(3_600_000);
    const list = await x509.X509CrlGenerator.create({
      issuer: this.certificate.subject,
      signingKey: this.keys.privateKey,
      signingAlgorithm: EC,
      thisUpdate: notBefore,
      nextUpdate: notAfter,
      entries: leaves.map(({ certChain }) => ({
        serialNumber: new x509.X509Certificate(certChain).serialNumber,
        revocationDate: notBefore,
        // An entry without a reason has an empty list of extensions here, which BoringSSL refuses.
        reason: x509.X509CrlReason.keyCompromise,
      })),
    });
    // By the name that OpenSSL, and so Envoy, knows it by.
    return toPem('X509 CRL', Buffer.from(list.rawData));
  }
}

/** An identity that a test swaps by hand. */
export class TestIdentitySource implements IdentitySource {
  readonly #listeners = new Set<(identity: TlsIdentity) => void>();

  constructor(private identity?: TlsIdentity) {}

  current(): TlsIdentity | undefined {
    return this.identity;
  }

  subscribe(listener: (identity: TlsIdentity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  swap(identity: TlsIdentity): void {
    this.identity = identity;
    for (const listener of this.#listeners) listener(identity);
  }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

function validity(ttlMs: number) {
  const now = Date.now();
  return { notBefore: new Date(now - 120_000), notAfter: new Date(now + ttlMs) };
}

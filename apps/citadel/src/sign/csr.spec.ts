import { beforeAll, describe, expect, it } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { createPublicKey, generateKeyPairSync, sign, webcrypto, type KeyObject } from 'node:crypto';
import { createCsr, der, fromPem, generateKey, Oid, toPem } from '#common/identity';
import { Refusal } from '../refusal.js';
import { verifyCsr } from './csr.js';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = { name: 'RSASSA-PKCS1-v1_5', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };

async function foreign(algorithm: object, extensions: x509.Extension[] = []): Promise<string> {
  const keys = (await webcrypto.subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=anybody',
    keys,
    signingAlgorithm: algorithm as webcrypto.EcKeyGenParams,
    extensions,
  });
  return request.toString('pem');
}

/** A request of this key, signed by `signer` (by default the key itself) with this digest. */
function request(
  keys: { publicKey: KeyObject; privateKey: KeyObject },
  digest = 'sha256',
  signer = keys.privateKey,
): string {
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
  const info = der.sequence(
    der.integer(Buffer.of(0)),
    der.sequence(),
    spki,
    der.element(der.contextTag(0, true)),
  );
  const oids: Record<string, string> = {
    'sha256-ec': '1.2.840.10045.4.3.2',
    'sha1-ec': '1.2.840.10045.4.1',
    'sha256-rsa': '1.2.840.113549.1.1.11',
    'sha1-rsa': '1.2.840.113549.1.1.5',
  };
  const algorithm = der.sequence(
    der.oid(oids[`${digest}-${keys.privateKey.asymmetricKeyType}`] ?? '1.3.101.112'),
  );
  const signature = sign(signer.asymmetricKeyType === 'ed25519' ? null : digest, info, signer);
  return toPem('CERTIFICATE REQUEST', der.sequence(info, algorithm, der.bitString(signature)));
}

describe('verifyCsr', () => {
  it('accepts its own requests and those of another implementation', async () => {
    const keys = generateKey();
    const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
    expect(verifyCsr(createCsr(keys)).equals(spki)).toBe(true);
    expect(verifyCsr(createCsr(keys, ['spiffe://td/ns/a/sa/b'])).equals(spki)).toBe(true);
    for (const algorithm of [
      P256,
      { ...P256, namedCurve: 'P-384', hash: 'SHA-384' },
      { ...RSA, hash: 'SHA-256' },
      { ...RSA, hash: 'SHA-512', modulusLength: 3072 },
    ]) {
      const constraints = new x509.BasicConstraintsExtension(false);
      expect(
        createPublicKey({
          key: verifyCsr(await foreign(algorithm, [constraints])),
          format: 'der',
          type: 'spki',
        }),
      ).toBeDefined();
    }
  });

  it('writes requests that another implementation accepts', async () => {
    const csr = new x509.Pkcs10CertificateRequest(createCsr(generateKey(), ['spiffe://td/ns/a/sa/b']));
    expect(await csr.verify()).toBe(true);
    const names = csr.getExtension(Oid.subjectAltName)!.rawData;
    expect(new x509.SubjectAlternativeNameExtension(names).names.toJSON()).toEqual([
      { type: 'url', value: 'spiffe://td/ns/a/sa/b' },
    ]);
  });

  it('refuses who wants to be an authority', async () => {
    const csr = await foreign(P256, [new x509.BasicConstraintsExtension(true)]);
    expect(() => verifyCsr(csr)).toThrow('asks for a certificate authority');
  });

  it.each<[string, () => string]>([
    ['signed by another key', () => request(generateKey(), 'sha256', generateKey().privateKey)],
    ['signed with SHA-1', () => request(generateKey(), 'sha1')],
    ['of RSA 1024', () => request(generateKeyPairSync('rsa', { modulusLength: 1024 }))],
    [
      'of RSA with exponent 3',
      () => request(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })),
    ],
    ['of secp256k1', () => request(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))],
    ['of P-521', () => request(generateKeyPairSync('ec', { namedCurve: 'secp521r1' }))],
    ['of Ed25519', () => request(generateKeyPairSync('ed25519'))],
    [
      'of explicit curve parameters',
      () => request(generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })),
    ],
    ['two requests', () => createCsr(generateKey()) + createCsr(generateKey())],
    ['empty', () => ''],
    ['another kind of PEM', () => createCsr(generateKey()).replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE')],
    ['far too long', () => createCsr(generateKey()) + ' '.repeat(20_000)],
    ['deeply nested', () => toPem('CERTIFICATE REQUEST', nested(2_000))],
  ])('refuses one that is %s', (_, make) => {
    expect(() => verifyCsr(make())).toThrow(Refusal);
  });

  describe('whatever bytes it is given', () => {
    let good: Buffer;
    beforeAll(() => {
      [good = Buffer.alloc(0)] = fromPem(
        'CERTIFICATE REQUEST',
        createCsr(generateKey(), ['spiffe://td/ns/a/sa/b']),
      );
    });

    const refuses = (bytes: Buffer) => {
      try {
        verifyCsr(toPem('CERTIFICATE REQUEST', bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
        return;
      }
      throw new Error(`accepted ${bytes.toString('hex')}`);
    };

    it('accepts no request of which a byte was changed', () => {
      const property = fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(good);
        bytes[at % bytes.length]! ^= change;
        refuses(bytes);
      });
      fc.assert(property, { numRuns: 2_000 });
    });

    it('accepts nothing that was cut, or made of noise', () => {
      fc.assert(fc.property(fc.nat(good.length - 1), (length) => refuses(good.subarray(0, length))));
      const noise = fc.uint8Array({ maxLength: 300 });
      fc.assert(
        fc.property(noise, (bytes) => refuses(der.sequence(bytes))),
        { numRuns: 1_000 },
      );
      fc.assert(
        fc.property(fc.string({ maxLength: 300 }), (text) => expect(() => verifyCsr(text)).toThrow(Refusal)),
      );
    });
  });
});

function nested(depth: number): Buffer {
  let inner = der.sequence();
  for (let level = 0; level < depth; level += 1) inner = der.sequence(inner);
  return inner;
}

import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { der, DerError, fromPem, Oid } from '#common/identity';
import { Refusal } from '../refusal.js';
import { readPublicKey } from './public-key.js';

const { Tag, children, contextTag, expectTag, oidText, parse } = der;

/** Far above what a request of an RSA 8192 key needs. */
const MAX_PEM_LENGTH = 16 * 1024;

/** Signature algorithms: the key they need and their digest. SHA-1 is not among them. */
const SIGNATURES = new Map<string, { keyType: string; digest: string }>([
  ['1.2.840.10045.4.3.2', { keyType: 'ec', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { keyType: 'ec', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { keyType: 'ec', digest: 'sha512' }],
  ['1.2.840.113549.1.1.11', { keyType: 'rsa', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { keyType: 'rsa', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { keyType: 'rsa', digest: 'sha512' }],
]);

/**
 * Verifies a PKCS#10 request (RFC 2986) in PEM and returns its SubjectPublicKeyInfo. The signature proves that the
 * sender holds the key. Nothing else in the request is believed: whom the key belongs to is for the authenticators
 * to say. Throws a {@link Refusal}.
 */
export function verifyCsr(pem: string): Buffer {
  const [request, ...more] = pem.length <= MAX_PEM_LENGTH ? fromPem('CERTIFICATE REQUEST', pem) : [];
  if (!request || more.length > 0)
    throw new Refusal('invalid-csr', 'the request is not one PEM certificate request');
  try {
    return verifyDer(request);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new Refusal('invalid-csr', `the request is not valid DER: ${error.message}`, { cause: error });
  }
}

function verifyDer(request: Buffer): Buffer {
  const [info, algorithm, signature] = fields(parse(request, Tag.SEQUENCE), 3);
  const [version, subject, spki, attributes] = fields(expectTag(info, Tag.SEQUENCE), 4);
  if (!expectTag(version, Tag.INTEGER).contents.equals(Buffer.of(0))) {
    throw new Refusal('invalid-csr', 'the request is of an unknown version');
  }
  expectTag(subject, Tag.SEQUENCE);
  const publicKey = expectTag(spki, Tag.SEQUENCE).raw;
  verifySignature(info!.raw, algorithm, signature, readPublicKey(publicKey));
  refuseAuthority(expectTag(attributes, contextTag(0, true)));
  return publicKey;
}

function verifySignature(
  signed: Buffer,
  algorithm: der.Element | undefined,
  signature: der.Element | undefined,
  key: KeyObject,
): void {
  const [identifier] = children(expectTag(algorithm, Tag.SEQUENCE));
  const known = SIGNATURES.get(oidText(identifier));
  if (!known || known.keyType !== key.asymmetricKeyType) {
    throw new Refusal('invalid-csr', 'the request is signed with an algorithm that is not accepted');
  }
  const { contents } = expectTag(signature, Tag.BIT_STRING);
  if (contents[0] !== 0 || !verify(known.digest, signed, key, contents.subarray(1))) {
    throw new Refusal('invalid-csr', 'the signature of the request does not match its key');
  }
}

/** Who wants to be a certificate authority is told no, rather than handed a certificate that is none. */
function refuseAuthority(attributes: der.Element): void {
  for (const attribute of children(attributes)) {
    const [type, values] = fields(expectTag(attribute, Tag.SEQUENCE), 2);
    if (oidText(type) !== Oid.extensionRequest) continue;
    for (const extensions of children(expectTag(values, Tag.SET))) {
      if (children(expectTag(extensions, Tag.SEQUENCE)).some(asksForAuthority)) {
        throw new Refusal('invalid-csr', 'the request asks for a certificate authority');
      }
    }
  }
}

function asksForAuthority(extension: der.Element): boolean {
  const parts = children(expectTag(extension, Tag.SEQUENCE));
  if (oidText(parts[0]) !== Oid.basicConstraints) return false;
  const value = parse(expectTag(parts.at(-1), Tag.OCTET_STRING).contents, Tag.SEQUENCE);
  return children(value).some(({ tag, contents }) => tag === Tag.BOOLEAN && contents[0] !== 0);
}

function fields(parent: der.Element, count: number): der.Element[] {
  const found = children(parent);
  if (found.length !== count) throw new DerError(`${found.length} fields in place of ${count}`);
  return found;
}

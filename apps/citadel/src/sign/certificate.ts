import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { altNames, der, Oid, toPem } from '#common/identity';
import type { Issuer } from './issuer.js';
import type { Validity } from './lifetime.js';
import { signatureOf } from './signature.js';

const {
  bitString,
  boolean,
  contextTag,
  element,
  integer,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} = der;

const VERSION_3 = element(contextTag(0, true), integer(Buffer.of(2)));
/** RFC 5280 section 4.1.2.6: an empty subject, whose names are in a critical extension. */
const NO_SUBJECT = sequence();
const KEY_USAGE_LEAF = extension(Oid.keyUsage, true, bitString(Buffer.of(0b1010_0000), 5));
const KEY_USAGE_ROOT = extension(Oid.keyUsage, true, bitString(Buffer.of(0b0000_0100), 2));
const SERVER_AND_CLIENT = extension(
  Oid.extendedKeyUsage,
  false,
  sequence(oid(Oid.serverAuth), oid(Oid.clientAuth)),
);
const NO_AUTHORITY = extension(Oid.basicConstraints, true, sequence());
const AUTHORITY = extension(Oid.basicConstraints, true, sequence(boolean(true)));

/** What goes into a leaf certificate. All of it has been decided: nothing is taken from a request but the key. */
export interface Leaf {
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  /** Subject alternative names: URIs, and DNS names where a server has them. */
  readonly names: readonly string[];
  readonly validity: Validity;
  /** 16 random bytes. */
  readonly serial: Buffer;
}

/** Signs a leaf for TLS servers and clients. PEM. */
export function signLeaf(issuer: Issuer, leaf: Leaf): string {
  const extensions = [
    KEY_USAGE_LEAF,
    SERVER_AND_CLIENT,
    NO_AUTHORITY,
    ...(issuer.keyId ? [authorityKeyId(issuer.keyId)] : []),
    extension(Oid.subjectAltName, true, altNames(leaf.names)),
  ];
  return certificate(issuer.privateKey, issuer.name, NO_SUBJECT, leaf, extensions);
}

/** Signs a root for itself: the trust domain is its organization, as in Istio. PEM. */
export function signRoot(
  keys: { privateKey: KeyObject; publicKey: KeyObject },
  trustDomain: string,
  validity: Validity,
  serial: Buffer,
): string {
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const name = sequence(set(sequence(oid(Oid.organizationName), utf8String(trustDomain))));
  const keyId = createHash('sha256').update(publicKey).digest().subarray(0, 20);
  const extensions = [
    KEY_USAGE_ROOT,
    AUTHORITY,
    extension(Oid.subjectKeyIdentifier, false, octetString(keyId)),
  ];
  return certificate(keys.privateKey, name, name, { publicKey, validity, serial }, extensions);
}

function certificate(
  signingKey: KeyObject,
  issuer: Buffer,
  subject: Buffer,
  { publicKey, validity, serial }: Omit<Leaf, 'names'>,
  extensions: readonly Buffer[],
): string {
  const { algorithm, sign } = signatureOf(signingKey);
  const tbs = sequence(
    VERSION_3,
    integer(serial),
    algorithm,
    issuer,
    sequence(time(validity.notBefore), time(validity.notAfter)),
    subject,
    publicKey,
    element(contextTag(3, true), sequence(...extensions)),
  );
  return toPem('CERTIFICATE', sequence(tbs, algorithm, bitString(sign(tbs))));
}

function authorityKeyId(keyId: Buffer): Buffer {
  return extension(Oid.authorityKeyIdentifier, false, sequence(element(contextTag(0, false), keyId)));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

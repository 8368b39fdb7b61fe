import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { bytesFromIP } from './forge.js';
import { bitString, contextTag, element, integer, octetString, oid, sequence, set } from './der.js';
import { toPem } from './pem.js';

/** Object identifiers of requests and certificates. */
export const Oid = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  rsaWithSha256: '1.2.840.113549.1.1.11',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  organizationName: '2.5.4.10',
} as const;

/** A fresh P-256 key pair. */
export function generateKey(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** `SubjectAltName` (RFC 5280 section 4.2.1.6) with these names: URIs, IP addresses, the others as DNS names. */
export function altNames(names: readonly string[]): Buffer {
  return sequence(...names.map(generalName));
}

function generalName(name: string): Buffer {
  const ip = isIP(name) ? bytesFromIP(name) : null;
  if (ip !== null) return element(contextTag(7, false), Buffer.from(ip, 'latin1'));
  return element(contextTag(name.includes('://') ? 6 : 2, false), Buffer.from(name, 'latin1'));
}

/**
 * A PKCS#10 request (RFC 2986) in PEM, signed with SHA-256 by the P-256 key it is for. The names are a wish: Citadel
 * ignores them and writes the identity that was proven; other authorities want to read them here.
 */
export function createCsr(
  keys: { privateKey: KeyObject; publicKey: KeyObject },
  names: readonly string[] = [],
): string {
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const attributes = names.length > 0 ? [extensionRequest(names)] : [];
  const info = sequence(
    integer(Buffer.of(0)),
    sequence(),
    publicKey,
    element(contextTag(0, true), ...attributes),
  );
  const signature = sign('sha256', info, keys.privateKey);
  return toPem(
    'CERTIFICATE REQUEST',
    sequence(info, sequence(oid(Oid.ecdsaWithSha256)), bitString(signature)),
  );
}

function extensionRequest(names: readonly string[]): Buffer {
  const extension = sequence(oid(Oid.subjectAltName), octetString(altNames(names)));
  return sequence(oid(Oid.extensionRequest), set(sequence(extension)));
}

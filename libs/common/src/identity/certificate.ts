import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { fromPem, mergeCertificates, toPem } from './pem.js';
import { formatSpiffeId, spiffeIdOfAltNames } from './spiffe.js';
import type { TlsIdentity } from './types.js';

/** What an identity has to be before it is put to use. */
export interface IdentityChecks {
  /** The SPIFFE ID that it must have; any if not given. */
  readonly spiffeId?: string;
  /** Roots of which one must have issued it, through the chain; not checked if not given. */
  readonly trustedRoots?: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/**
 * Makes an identity of what a certificate authority answered: leaf first, roots last (Istio's convention). Throws an
 * Error that says what is wrong with it: an answer that does not fit must not replace an identity that works.
 */
export function identityFromChain(
  chain: readonly string[],
  privateKey: KeyObject,
  trustedRoots: string,
  checks: IdentityChecks,
): TlsIdentity {
  const roots = chain.length > 1 ? (chain.at(-1) ?? '') : '';
  const certChain = mergeCertificates(...(chain.length > 1 ? chain.slice(0, -1) : chain));
  const leaf = firstCertificate(certChain);
  const identity = {
    certChain,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    roots: mergeCertificates(roots, trustedRoots),
    notBefore: Date.parse(leaf.validFrom),
    notAfter: Date.parse(leaf.validTo),
  };
  checkIdentity(identity, checks);
  return identity;
}

/** Throws an Error that says why the identity cannot be used. */
export function checkIdentity(identity: TlsIdentity, checks: IdentityChecks): void {
  const leaf = firstCertificate(identity.certChain);
  if (!leaf.checkPrivateKey(createPrivateKey(identity.privateKey)))
    throw new Error('the certificate is of another key');
  if (Date.parse(leaf.validTo) <= checks.now) throw new Error('the certificate has expired');
  const id = spiffeIdOfAltNames(leaf.subjectAltName);
  if (!id) throw new Error('the certificate has no SPIFFE ID');
  if (checks.spiffeId !== undefined && formatSpiffeId(id) !== checks.spiffeId) {
    throw new Error(`the certificate is of ${formatSpiffeId(id)}, not of ${checks.spiffeId}`);
  }
  const { trustedRoots } = checks;
  if (trustedRoots !== undefined && !chainsTo(identity.certChain, trustedRoots)) {
    throw new Error('the certificate was issued by none of the trusted roots');
  }
}

function chainsTo(certChain: string, trustedRoots: string): boolean {
  const chain = certificates(certChain);
  const roots = certificates(trustedRoots);
  const issued = (subject: X509Certificate, issuer: X509Certificate) =>
    subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  const linked = chain.slice(1).every((issuer, i) => issued(chain[i]!, issuer));
  return linked && roots.some((root) => issued(chain.at(-1)!, root));
}

function certificates(pem: string): X509Certificate[] {
  return fromPem('CERTIFICATE', pem).map((der) => new X509Certificate(toPem('CERTIFICATE', der)));
}

function firstCertificate(pem: string): X509Certificate {
  const [leaf] = certificates(pem);
  if (!leaf) throw new Error('there is no certificate');
  return leaf;
}

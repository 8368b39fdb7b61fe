import { randomBytes } from 'node:crypto';
import { authenticate } from './authenticate/authenticate.js';
import type { Authenticator, Credentials } from './authenticate/caller.js';
import type { RateLimit } from './authorize/rate-limit.js';
import { authorizeSameIdentity, serviceNames } from './authorize/same-identity.js';
import { Refusal } from './refusal.js';
import { signLeaf } from './sign/certificate.js';
import { verifyCsr } from './sign/csr.js';
import type { Issuer } from './sign/issuer.js';
import { leafValidity, type LifetimePolicy } from './sign/lifetime.js';

/** What a certificate is asked with. */
export interface CertificateOrder {
  readonly credentials: Credentials;
  /** PKCS#10 in PEM. */
  readonly csr: string;
  /** 0 or less for the default. */
  readonly validitySeconds: number;
}

/** Who signs at one moment, and whom to trust then: PEM. */
export interface SigningAuthority {
  readonly issuer: Issuer;
  readonly roots: string;
}

export interface PipelineParts {
  readonly trustDomain: string;
  /** Asked once per certificate: it may be replaced at any time. */
  readonly authority: () => SigningAuthority;
  readonly lifetimes: LifetimePolicy;
  /** In the order in which they are asked. */
  readonly authenticators: readonly Authenticator[];
  /** Certificates per identity. */
  readonly issuance: RateLimit;
  /** See {@link serviceNames}. */
  readonly galleyHosts?: readonly string[];
  readonly now: () => number;
  readonly log?: { debug(fields: object, message: string): void };
}

/**
 * How a request becomes a certificate: who asks is proven, what they may have is decided, the key is checked, and
 * only then is a token used up and the leaf signed. Resolves to PEM certificates, leaf first, root last; rejects with
 * a {@link Refusal}.
 */
export async function createCertificate(order: CertificateOrder, parts: PipelineParts): Promise<string[]> {
  const { now } = parts;
  const caller = await authenticate(order.credentials, parts.authenticators);
  const name = authorizeSameIdentity(caller.id, parts.trustDomain);
  if (!parts.issuance.take(name, now()))
    throw new Refusal('too-many', `too many certificates for ${name}, try later`);
  const publicKey = verifyCsr(order.csr);
  const { issuer, roots } = parts.authority();
  const validity = leafValidity(order.validitySeconds, parts.lifetimes, issuer.notAfter, now());
  await caller.redeem();
  const leaf = signLeaf(issuer, {
    publicKey,
    names: [name, ...serviceNames(caller.id, parts.galleyHosts)],
    validity,
    serial: randomBytes(16),
  });
  parts.log?.debug({ identity: name, pod: caller.pod }, 'issued a certificate');
  return [leaf, ...issuer.chain, roots];
}

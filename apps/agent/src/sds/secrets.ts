import { createHash } from 'node:crypto';
import type { TlsIdentity } from '#common/identity';
import { encodeTlsCertificate, encodeValidationContext, type SecretResource } from './messages.js';

/** The names by which every TLS context that Pilot generates asks for secrets; Istio's. */
export const WORKLOAD_SECRET = 'default';
export const ROOT_SECRET = 'ROOTCA';

/** What an agent serves, by name. Empty until it has an identity. */
export type Secrets = ReadonlyMap<string, SecretResource>;

export const NO_SECRETS: Secrets = new Map();

/** The two secrets of an identity. Versions are content hashes: roots that a rotation leaves alone are not sent again. */
export function secretsOf({ certChain, privateKey, roots }: TlsIdentity): Secrets {
  return new Map([
    named(WORKLOAD_SECRET, encodeTlsCertificate(WORKLOAD_SECRET, certChain, privateKey)),
    named(ROOT_SECRET, encodeValidationContext(ROOT_SECRET, roots)),
  ]);
}

function named(name: string, value: Uint8Array): [string, SecretResource] {
  const version = createHash('sha256').update(value).digest('hex').slice(0, 16);
  return [name, { name, version, value }];
}

import { createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { generateKey } from '#common/identity';
import { TokenLedger } from '../authenticate/token-ledger.js';
import { signRoot } from '../sign/certificate.js';
import { CLOCK_SKEW_MS } from '../sign/lifetime.js';
import { Authority } from './authority.js';
import { finishKeeping, keepAuthority, ownRoots, readTrusted, type RootFiles } from './root-files.js';
import { readIfThere, readOrCreate, writePublic } from './state-files.js';

const ROOT_LIFETIME_MS = 3650 * 86_400_000;

/** Everything that Citadel keeps: made at the first start. */
export interface CitadelState {
  readonly authority: Authority;
  readonly tokenKey: KeyObject;
  readonly adminCredential: string;
  readonly ledger: TokenLedger;
}

/**
 * Reads the state folder, which must exist, and makes what is missing: `root-cert.pem` for others to read;
 * `ca-key.pem`, `join-token-key.pem`, `admin-credential` and `join-token-uses.jsonl` (0600). Rejects rather than make
 * a new root key beside an old certificate: every workload would lose its trust.
 *
 * @param lifetime the longest that a certificate may last, in milliseconds
 * @param shared where several Citadels have their root from, if they are several
 */
export async function openState(
  dir: string,
  trustDomain: string,
  { now, lifetime }: { readonly now: () => number; readonly lifetime: number },
  shared?: SharedRoot,
): Promise<CitadelState> {
  return {
    authority: await openAuthority(dir, {
      now,
      lifetime,
      own: () => ownRoot(dir, trustDomain, now()),
      shared,
    }),
    tokenKey: createPrivateKey(await readOrCreate(join(dir, 'join-token-key.pem'), newKeyPem)),
    adminCredential: (await readOrCreate(join(dir, 'admin-credential'), newCredential)).trim(),
    ledger: await TokenLedger.open(join(dir, 'join-token-uses.jsonl'), now()),
  };
}

interface AuthoritySources {
  readonly now: () => number;
  readonly lifetime: number;
  readonly own: () => Promise<RootFiles>;
  readonly shared: SharedRoot | undefined;
}

async function openAuthority(
  dir: string,
  { now, lifetime, own, shared }: AuthoritySources,
): Promise<Authority> {
  await finishKeeping(dir);
  // What stands there now may be replaced in a moment: its certificates are in use.
  const trusted = readTrusted(dir, { now: now(), lifetime });
  const files = await (shared ? shared(own) : own());
  const authority = new Authority({ files, trusted, lifetime, now });
  if (shared) await keepAuthority(dir, authority);
  return authority;
}

/** Asks for the root that all Citadels share. `own` is this one's, made if need be, for who is the first. */
export type SharedRoot = (own: () => Promise<RootFiles>) => Promise<RootFiles>;

/** What the state folder has; a root of its own where it has nothing. */
async function ownRoot(dir: string, trustDomain: string, now: number): Promise<RootFiles> {
  const file = (name: keyof RootFiles): string => join(dir, name);
  const found = ownRoots(dir);
  if (found !== undefined && readIfThere(file('ca-key.pem')) === undefined) {
    throw new Error(
      `${file('ca-key.pem')} is missing, but ${file('root-cert.pem')} is there: restore the key, or remove both`,
    );
  }
  // The key first: a crash between the two leaves a key that the next start makes the certificate for.
  const key = await readOrCreate(file('ca-key.pem'), newKeyPem);
  const root = found ?? selfSigned(key, trustDomain, now);
  if (found === undefined) await writePublic(file('root-cert.pem'), root);
  return {
    'ca-cert.pem': readIfThere(file('ca-cert.pem')) ?? root,
    'ca-key.pem': key,
    'root-cert.pem': root,
    'cert-chain.pem': readIfThere(file('cert-chain.pem')) ?? '',
  };
}

function selfSigned(keyPem: string, trustDomain: string, now: number): string {
  const privateKey = createPrivateKey(keyPem);
  const publicKey = createPublicKey(privateKey);
  const validity = { notBefore: now - CLOCK_SKEW_MS, notAfter: now + ROOT_LIFETIME_MS };
  return signRoot({ privateKey, publicKey }, trustDomain, validity, randomBytes(16));
}

function newKeyPem(): string {
  return generateKey().privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function newCredential(): string {
  return `${randomBytes(32).toString('base64url')}\n`;
}

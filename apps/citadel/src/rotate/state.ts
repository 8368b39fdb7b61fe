import { createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { generateKey } from '#common/identity';
import { TokenLedger } from '../authenticate/token-ledger.js';
import { signRoot } from '../sign/certificate.js';
import { readIssuer, type Issuer } from '../sign/issuer.js';
import { readIfThere, readOrCreate, writePrivate, writePublic } from './state-files.js';

const ROOT_LIFETIME_MS = 3650 * 86_400_000;
const CLOCK_SKEW_MS = 120_000;

/** Everything that Citadel keeps: made at the first start, the same for ever after. */
export interface CitadelState {
  readonly issuer: Issuer;
  readonly tokenKey: KeyObject;
  readonly adminCredential: string;
  readonly ledger: TokenLedger;
}

/**
 * Reads the state folder, which must exist, and makes what is missing: `root-cert.pem` for others to read;
 * `ca-key.pem`, `join-token-key.pem`, `admin-credential` and `join-token-uses.jsonl` (0600). Rejects rather than make
 * a new root key beside an old certificate: every workload would lose its trust.
 *
 * @param shared where several Citadels have their root from, if they are several
 */
export async function openState(
  dir: string,
  trustDomain: string,
  now: number,
  shared?: SharedRoot,
): Promise<CitadelState> {
  const adopted = await shared?.(() => ownRoot(dir, trustDomain, now));
  return {
    issuer: adopted ? await keepRoot(dir, adopted) : readRoot(await ownRoot(dir, trustDomain, now)),
    tokenKey: createPrivateKey(await readOrCreate(join(dir, 'join-token-key.pem'), newKeyPem)),
    adminCredential: (await readOrCreate(join(dir, 'admin-credential'), newCredential)).trim(),
    ledger: await TokenLedger.open(join(dir, 'join-token-uses.jsonl'), now),
  };
}

/** A certificate authority as it is stored: PEM, under the names of Istio's files. */
export interface RootFiles {
  readonly 'ca-cert.pem': string;
  readonly 'ca-key.pem': string;
  readonly 'root-cert.pem': string;
  /** From the authority's own certificate upwards; empty for a root. */
  readonly 'cert-chain.pem': string;
}

/** Asks for the root that all Citadels share. `own` is this one's, made if need be, for who is the first. */
export type SharedRoot = (own: () => Promise<RootFiles>) => Promise<RootFiles>;

/** Whether an authority was kept in the folder before. */
export function hasRoot(dir: string): boolean {
  return readIfThere(join(dir, 'root-cert.pem')) !== undefined;
}

/** What the state folder has; a root of its own where it has nothing. */
async function ownRoot(dir: string, trustDomain: string, now: number): Promise<RootFiles> {
  const file = (name: keyof RootFiles): string => join(dir, name);
  const found = readIfThere(file('root-cert.pem'));
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

/** Puts an authority into the state folder, from where it is taken while nobody can be asked. Rejects what cannot sign. */
async function keepRoot(dir: string, files: RootFiles): Promise<Issuer> {
  const issuer = readRoot(files);
  for (const name of ['ca-key.pem', 'ca-cert.pem', 'cert-chain.pem'] as const)
    await writePrivate(join(dir, name), files[name]);
  await writePublic(join(dir, 'root-cert.pem'), files['root-cert.pem']);
  return issuer;
}

export function readRoot(files: RootFiles): Issuer {
  const above = { chain: files['cert-chain.pem'], roots: files['root-cert.pem'] };
  return readIssuer(files['ca-cert.pem'], files['ca-key.pem'], above);
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

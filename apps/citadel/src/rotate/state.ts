import { createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { generateKey } from '#common/identity';
import { TokenLedger } from '../authenticate/token-ledger.js';
import { signRoot } from '../sign/certificate.js';
import { readIssuer, type Issuer } from '../sign/issuer.js';
import { readIfThere, readOrCreate, writePublic } from './state-files.js';

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
 */
export async function openState(dir: string, trustDomain: string, now: number): Promise<CitadelState> {
  return {
    issuer: await openRoot(dir, trustDomain, now),
    tokenKey: createPrivateKey(await readOrCreate(join(dir, 'join-token-key.pem'), newKeyPem)),
    adminCredential: (await readOrCreate(join(dir, 'admin-credential'), newCredential)).trim(),
    ledger: await TokenLedger.open(join(dir, 'join-token-uses.jsonl'), now),
  };
}

async function openRoot(dir: string, trustDomain: string, now: number): Promise<Issuer> {
  const certificatePath = join(dir, 'root-cert.pem');
  const keyPath = join(dir, 'ca-key.pem');
  const found = readIfThere(certificatePath);
  if (found !== undefined && readIfThere(keyPath) === undefined) {
    throw new Error(
      `${keyPath} is missing, but ${certificatePath} is there: restore the key, or remove both`,
    );
  }
  // The key first: a crash between the two leaves a key that the next start makes the certificate for.
  const keyPem = await readOrCreate(keyPath, newKeyPem);
  const certificate = found ?? selfSigned(keyPem, trustDomain, now);
  if (found === undefined) await writePublic(certificatePath, certificate);
  return readIssuer(certificate, keyPem);
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

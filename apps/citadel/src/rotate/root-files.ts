import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '#common/files';
import { readIssuer, type Issuer } from '../sign/issuer.js';
import {
  formatTerms,
  readTerms,
  trustRoots,
  type TrustedRoots,
  type TrustTime,
} from '../sign/trusted-roots.js';
import { readIfThere, writePrivate, writePublic } from './state-files.js';

/** A certificate authority as it is stored: PEM, under the names of Istio's files. */
export interface RootFiles {
  readonly 'ca-cert.pem': string;
  readonly 'ca-key.pem': string;
  readonly 'root-cert.pem': string;
  /** From the authority's own certificate upwards; empty for a root. */
  readonly 'cert-chain.pem': string;
}

/** What is kept of an authority. */
export interface Kept {
  readonly files: RootFiles;
  readonly trusted: TrustedRoots;
  /** Whom to trust, PEM. */
  readonly roots: string;
}

/** Whom others are to trust: not only the authority's own roots, which {@link OWN_ROOTS} has. */
const BUNDLE = 'root-cert.pem';
const OWN_ROOTS = 'ca-root-cert.pem';
const TERMS = 'trusted-until.json';
/** All files at once, while they are written one by one. */
const DRAFT = 'authority-draft.json';

/** Throws an Error when the files cannot sign. */
export function readRoot(files: RootFiles): Issuer {
  const above = { chain: files['cert-chain.pem'], roots: files['root-cert.pem'] };
  return readIssuer(files['ca-cert.pem'], files['ca-key.pem'], above);
}

/** Whether an authority was kept in the folder before. */
export function hasRoot(dir: string): boolean {
  return readIfThere(join(dir, BUNDLE)) !== undefined;
}

/** The roots of the authority in the folder, PEM; undefined where there is none. */
export function ownRoots(dir: string): string | undefined {
  return readIfThere(join(dir, OWN_ROOTS)) ?? readIfThere(join(dir, BUNDLE));
}

/** Whom the folder says to trust. A root that stands there without a term may have signed until just now. */
export function readTrusted(dir: string, time: TrustTime): TrustedRoots {
  const bundle = readIfThere(join(dir, BUNDLE)) ?? '';
  const terms = readIfThere(join(dir, TERMS));
  return terms === undefined ? trustRoots(new Map(), bundle, time) : readTerms(bundle, terms);
}

/**
 * Puts an authority into the folder, from where it is taken while nobody can be asked. A crash in the midst of it
 * leaves what {@link finishKeeping} completes. Rejects with the system's error.
 */
export async function keepAuthority(dir: string, { files, trusted, roots }: Kept): Promise<void> {
  const texts = {
    ...files,
    [OWN_ROOTS]: files['root-cert.pem'],
    [BUNDLE]: roots,
    [TERMS]: formatTerms(trusted),
  };
  await writePrivate(join(dir, DRAFT), JSON.stringify(texts));
  await writeTexts(dir, texts);
}

/** Key and certificate belong together: where only some were replaced, the rest is, too. */
export async function finishKeeping(dir: string): Promise<void> {
  const draft = readIfThere(join(dir, DRAFT));
  if (draft !== undefined) await writeTexts(dir, JSON.parse(draft) as Readonly<Record<string, string>>);
}

async function writeTexts(dir: string, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(texts))
    await (name === BUNDLE ? writePublic : writePrivate)(join(dir, name), text);
  await rm(join(dir, DRAFT));
  await syncFolder(dir);
}

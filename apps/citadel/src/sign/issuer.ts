import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { der, fromPem, mergeCertificates, Oid, toPem } from '#common/identity';
import { CLOCK_SKEW_MS } from './lifetime.js';
import { signatureOf } from './signature.js';

const { Tag, children, contextTag, expectTag, oidText, parse } = der;

/** A certificate authority and its key, taken apart as far as signing needs it. */
export interface Issuer {
  /** PEM. */
  readonly certificate: string;
  /** What goes with a leaf, PEM each: empty for a root, else the authority's own certificate and those above it. */
  readonly chain: readonly string[];
  /** What to trust, PEM: the certificate itself for a root. */
  readonly roots: string;
  readonly privateKey: KeyObject;
  /** DER of its subject: the `issuer` field of what it signs. */
  readonly name: Buffer;
  /** Its subject key identifier, for chains to be found by. */
  readonly keyId: Buffer | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly notAfter: number;
}

/** An authority that is not its own root. PEM bundles. */
export interface Above {
  /** The authority's own certificate and those above it, as they follow a leaf. */
  readonly chain: string;
  readonly roots: string;
}

/**
 * Reads an authority whose key is P-256, P-384 or RSA. Throws an Error when key and certificate do not belong together,
 * cannot sign, or are not below the roots.
 */
export function readIssuer(certificatePem: string, keyPem: string, above?: Above): Issuer {
  const certificate = readable('the root certificate', () => new X509Certificate(certificatePem));
  const privateKey = readable('the key of the certificate authority', () => createPrivateKey(keyPem));
  if (!certificate.ca) throw new Error('the root certificate is not of a certificate authority');
  if (!certificate.checkPrivateKey(privateKey)) throw new Error('the root certificate is of another key');
  signatureOf(privateKey);
  const roots = above?.roots ?? certificatePem;
  // A root may come with the chain; nobody needs to be sent it there.
  const chain = certificatesOf(mergeCertificates(certificatePem, above?.chain ?? '')).filter(
    (pem) => !isRoot(readable('the chain', () => new X509Certificate(pem))),
  );
  checkChain(chain.length > 0 ? chain : [certificatePem], roots);
  const [tbs] = children(parse(fromPem('CERTIFICATE', certificatePem)[0]!));
  const fields = children(expectTag(tbs, Tag.SEQUENCE));
  return {
    certificate: certificatePem,
    chain,
    roots,
    privateKey,
    name: expectTag(fields[5], Tag.SEQUENCE).raw,
    keyId: subjectKeyId(fields.find(({ tag }) => tag === contextTag(3, true))),
    notAfter: Date.parse(certificate.validTo),
  };
}

/**
 * Throws an Error when the authority, one above it, or its root has ended, or begins later: nobody would take what it
 * signs. `now` is in milliseconds.
 */
export function checkValidity({ certificate, chain, roots }: Issuer, now: number): void {
  const read = (pem: string): X509Certificate => new X509Certificate(pem);
  const top = read(chain.at(-1) ?? certificate);
  const above = certificatesOf(roots)
    .map(read)
    .filter((root) => top.checkIssued(root) && top.verify(root.publicKey));
  for (const each of [read(certificate), ...chain.map(read)]) {
    const problem = validityProblem(each, now);
    if (problem !== undefined) throw new Error(`the certificate of ${subjectOf(each)} ${problem}`);
  }
  const problems = above.map((root) => validityProblem(root, now));
  if (!problems.includes(undefined)) throw new Error(`the root of the certificate authority ${problems[0]}`);
}

function validityProblem({ validFrom, validTo }: X509Certificate, now: number): string | undefined {
  // Written so that a date that cannot be read counts as past.
  if (!(Date.parse(validTo) > now)) return `ended on ${validTo}`;
  return Date.parse(validFrom) > now + CLOCK_SKEW_MS ? `is not valid before ${validFrom}` : undefined;
}

function subjectOf({ subject }: X509Certificate): string {
  return subject ? subject.split('\n').join(', ') : 'the certificate authority';
}

/** What OpenSSL says of what it cannot read tells nobody which text it was. */
function readable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${what} cannot be read as PEM`, { cause: error });
  }
}

function isRoot(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

function checkChain(pems: readonly string[], roots: string): void {
  const chain = readable('the chain', () => pems.map((pem) => new X509Certificate(pem)));
  const trusted = readable('a root', () => certificatesOf(roots).map((pem) => new X509Certificate(pem)));
  const issued = (certificate: X509Certificate, by: X509Certificate | undefined): boolean =>
    by !== undefined && certificate.checkIssued(by) && certificate.verify(by.publicKey);
  const linked = chain.every(
    (each, index) => issued(each, chain[index + 1]) || trusted.some((root) => issued(each, root)),
  );
  if (!linked) throw new Error('the chain does not lead from the authority to its roots');
}

function certificatesOf(bundle: string): string[] {
  return fromPem('CERTIFICATE', bundle).map((bytes) => toPem('CERTIFICATE', bytes));
}

function subjectKeyId(extensions: der.Element | undefined): Buffer | undefined {
  const list = extensions ? children(children(extensions)[0]!) : [];
  for (const extension of list) {
    const [id, value] = children(extension);
    if (oidText(id) !== Oid.subjectKeyIdentifier) continue;
    return parse(expectTag(value, Tag.OCTET_STRING).contents, Tag.OCTET_STRING).contents;
  }
  return undefined;
}

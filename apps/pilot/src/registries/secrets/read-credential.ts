import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { fromPem, toPem } from '#common/identity';
import type { Credential } from '../../model/credential.js';

/** The entries of a Secret by their keys, decoded. */
export type SecretData = Readonly<Record<string, Uint8Array>>;

/** What is wrong with an entry, or with how two of them go together. */
export interface SecretProblem {
  /** `data["tls.crt"]` */
  readonly path: string;
  readonly message: string;
}

export interface ReadCredential {
  /** Undefined where it is of no use. */
  readonly credential: Credential | undefined;
  /** Why it is of no use. */
  readonly problems: readonly SecretProblem[];
  /** What is odd about it; it is used nevertheless. */
  readonly remarks: readonly SecretProblem[];
  /** Of the leaf, for people; nothing of it is secret. */
  readonly about: { readonly names: readonly string[]; readonly notAfter: string } | undefined;
}

/** What the parts are called in Secrets of type kubernetes.io/tls, and in generic ones. */
const FORMS = [
  { certificate: 'tls.crt', key: 'tls.key', staple: 'tls.ocsp-staple', roots: 'ca.crt', revoked: 'ca.crl' },
  { certificate: 'cert', key: 'key', staple: 'tls.ocsp-staple', roots: 'cacert', revoked: 'crl' },
] as const;

/** The entries that are read; all others are nobody's business. */
export const SECRET_KEYS: ReadonlySet<string> = new Set(FORMS.flatMap((form) => Object.values(form)));

class Reader {
  readonly problems: SecretProblem[] = [];
  readonly remarks: SecretProblem[] = [];

  constructor(
    private readonly data: SecretData,
    private readonly now: number,
  ) {}

  /** The first form that has any of these parts. */
  form(...parts: ('certificate' | 'key' | 'roots')[]): (typeof FORMS)[number] | undefined {
    return FORMS.find((form) => parts.some((part) => this.data[form[part]] !== undefined));
  }

  text(key: string): string {
    return Buffer.from(this.data[key] ?? []).toString('utf8');
  }

  bytes(key: string): Uint8Array | undefined {
    return this.data[key];
  }

  problem(key: string, message: string): void {
    this.problems.push({ path: `data["${key}"]`, message });
  }

  certificates(key: string): X509Certificate[] {
    const blocks = fromPem('CERTIFICATE', this.text(key));
    if (blocks.length === 0) this.problem(key, 'no certificate in PEM');
    return blocks.flatMap((der, i) => {
      try {
        return [this.dated(key, new X509Certificate(der))];
      } catch {
        this.problem(key, `certificate ${i + 1} cannot be read`);
        return [];
      }
    });
  }

  privateKey(key: string): KeyObject | undefined {
    const text = this.text(key);
    try {
      return createPrivateKey(text);
    } catch {
      // The error's own words could tell of the key.
      this.problem(key, /ENCRYPTED/.test(text) ? 'the key is encrypted' : 'no private key in PEM');
      return undefined;
    }
  }

  private dated(key: string, certificate: X509Certificate): X509Certificate {
    const { validFrom, validTo } = certificate;
    const remark = (message: string): unknown => this.remarks.push({ path: `data["${key}"]`, message });
    if (Date.parse(validTo) <= this.now) remark(`a certificate has expired: ${isoTime(validTo)}`);
    if (Date.parse(validFrom) > this.now) remark(`a certificate is not valid before ${isoTime(validFrom)}`);
    return certificate;
  }
}

/**
 * Reads what a Secret holds for TLS: a certificate with its key, whom to trust, or both. A pair that does not fit
 * together would be refused by Envoy, and is refused here, where somebody can be told why.
 *
 * @param now milliseconds since the Unix epoch
 * @see https://istio.io/latest/docs/tasks/traffic-management/ingress/secure-ingress/#key-formats
 */
export function readCredential(data: SecretData, now: number): ReadCredential {
  const reader = new Reader(data, now);
  const pair = readPair(reader);
  const authority = readAuthority(reader);
  const { problems, remarks } = reader;
  const leaf = pair?.leaf;
  const about = leaf && { names: namesOf(leaf), notAfter: isoTime(leaf.validTo) };
  if (problems.length > 0 || (!pair && !authority))
    return { credential: undefined, problems, remarks, about };
  const parts = { ...(pair && { certificate: pair.certificate }), ...(authority && { authority }) };
  return { credential: { ...parts, digest: digestOf(parts) }, problems, remarks, about };
}

function readPair(
  reader: Reader,
): { certificate: NonNullable<Credential['certificate']>; leaf: X509Certificate } | undefined {
  const form = reader.form('certificate', 'key');
  if (!form) return undefined;
  const chain = reader.certificates(form.certificate);
  const key = reader.privateKey(form.key);
  const [leaf] = chain;
  if (!leaf || !key) return undefined;
  checkKey(reader, form.key, key);
  if (!leaf.checkPrivateKey(key))
    reader.problem(form.key, `not the key of the certificate in ${form.certificate}`);
  const staple = reader.bytes(form.staple);
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { leaf, certificate: { chain: pemOf(chain), privateKey, ...(staple && { staple }) } };
}

function readAuthority(reader: Reader): Credential['authority'] {
  const form = reader.form('roots');
  if (!form) return undefined;
  const roots = pemOf(reader.certificates(form.roots));
  if (reader.bytes(form.revoked) === undefined) return { roots };
  const lists = fromPem('X509 CRL', reader.text(form.revoked));
  if (lists.length === 0) reader.problem(form.revoked, 'no list of revoked certificates in PEM');
  return { roots, revoked: lists.map((der) => toPem('X509 CRL', der)).join('') };
}

const MIN_RSA_BITS = 2048;
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** @see https://www.envoyproxy.io/docs/envoy/v1.40.0/intro/arch_overview/security/ssl#certificate-selection */
function checkKey(
  reader: Reader,
  entry: string,
  { asymmetricKeyType, asymmetricKeyDetails }: KeyObject,
): void {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'rsa') {
    if (modulusLength < MIN_RSA_BITS)
      reader.problem(entry, `an RSA key of ${modulusLength} bits: Envoy wants ${MIN_RSA_BITS}`);
  } else if (asymmetricKeyType !== 'ec' || !CURVES.has(namedCurve)) {
    reader.problem(entry, 'Envoy takes keys of RSA, P-256, P-384 and P-521 only');
  }
}

function pemOf(certificates: readonly X509Certificate[]): string {
  return certificates.map(({ raw }) => toPem('CERTIFICATE', raw)).join('');
}

function namesOf({ subjectAltName = '', subject }: X509Certificate): string[] {
  const names = subjectAltName.split(', ').filter(Boolean);
  return names.length > 0 ? names : [subject.replaceAll('\n', ', ')];
}

function isoTime(text: string): string {
  return new Date(text).toISOString();
}

function digestOf(parts: Omit<Credential, 'digest'>): string {
  const hash = createHash('sha256');
  const { certificate, authority } = parts;
  for (const part of [
    certificate?.chain,
    certificate?.privateKey,
    certificate?.staple,
    authority?.roots,
    authority?.revoked,
  ])
    hash.update(part ?? '').update('\0');
  return hash.digest('hex');
}

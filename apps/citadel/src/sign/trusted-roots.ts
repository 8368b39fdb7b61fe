import { X509Certificate } from 'node:crypto';
import { fromPem, mergeCertificates, toPem } from '#common/identity';

/** Roots, each one certificate in PEM, and until when each is trusted at least: milliseconds since the Unix epoch. */
export type TrustedRoots = ReadonlyMap<string, number>;

/** When it is, and how long the certificates below a root may last: milliseconds. */
export interface TrustTime {
  readonly now: number;
  readonly lifetime: number;
}

const DAY_MS = 86_400_000;

/**
 * Trusts all of `roots` as long as a certificate may last that is signed now, up to the end of that day: several
 * Citadels so come to the same end without a word. What has ended is left out.
 */
export function trustRoots(trusted: TrustedRoots, roots: string, { now, lifetime }: TrustTime): TrustedRoots {
  const until = Math.ceil((now + lifetime) / DAY_MS) * DAY_MS;
  const more = certificatesOf(roots).map(({ pem, notAfter }) => [pem, Math.min(until, notAfter)] as const);
  return mergeTrust(trusted, new Map(more), now);
}

/** The roots of both, each until the later of its ends; without those that have ended. */
export function mergeTrust(one: TrustedRoots, other: TrustedRoots, now: number): TrustedRoots {
  const merged = new Map<string, number>();
  for (const [pem, until] of [...one, ...other])
    if (until > now) merged.set(pem, Math.max(until, merged.get(pem) ?? 0));
  return merged;
}

/** Whom to trust, PEM: the roots of the authority in force as they are, then those that are trusted beside them. */
export function trustBundle(roots: string, trusted: TrustedRoots, now: number): string {
  const own = new Set(certificatesOf(roots).map(({ pem }) => pem));
  const others = [...trusted].filter(([pem, until]) => until > now && !own.has(pem)).map(([pem]) => pem);
  return others.length === 0 ? roots : mergeCertificates(roots, ...others.sort());
}

/** Whether both bundles hold the same certificates, in whatever order. */
export function sameRoots(one: string, other: string): boolean {
  const sorted = (bundle: string): string =>
    certificatesOf(bundle)
      .map(({ pem }) => pem)
      .sort()
      .join('');
  return one === other || sorted(one) === sorted(other);
}

/** The ends as JSON, by SHA-256 fingerprint: the same text for the same roots. */
export function formatTerms(trusted: TrustedRoots): string {
  const terms = [...trusted].map(
    ([pem, until]) => [fingerprint(pem), new Date(until).toISOString()] as const,
  );
  return JSON.stringify(Object.fromEntries(terms.sort(([one], [other]) => (one < other ? -1 : 1))));
}

/** Those roots of a bundle that have a term in what {@link formatTerms} wrote. What cannot be read counts as none. */
export function readTerms(bundle: string, text: string): TrustedRoots {
  const terms = parseObject(text);
  const ends = certificatesOf(bundle).map(
    ({ pem }) => [pem, Date.parse(String(terms.get(fingerprint(pem))))] as const,
  );
  return new Map(ends.filter(([, until]) => Number.isFinite(until)));
}

function parseObject(text: string): ReadonlyMap<string, unknown> {
  try {
    return new Map(Object.entries(JSON.parse(text) as object));
  } catch {
    return new Map();
  }
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

/** The certificates that can be read: what is none makes nobody trusted. */
function certificatesOf(bundle: string): { pem: string; notAfter: number }[] {
  return fromPem('CERTIFICATE', bundle).flatMap((der) => {
    try {
      return [{ pem: toPem('CERTIFICATE', der), notAfter: Date.parse(new X509Certificate(der).validTo) }];
    } catch {
      return [];
    }
  });
}

import type { IdentitySource, TlsIdentity } from '../identity/types.js';

/** Whom to trust in this mesh, as Citadel answers to `citadel.trust-bundle`. */
export interface TrustBundle {
  /** PEM certificates, one after the other. */
  readonly roots: string;
  readonly trustDomain: string;
}

/** A trust bundle that may change while it is in use. */
export interface TrustBundleSource {
  current(): TrustBundle | undefined;
  /** Calls back with every later bundle. Returns the way to stop that. */
  subscribe(listener: (bundle: TrustBundle) => void): () => void;
}

/** Reads an answer; undefined for what is none. */
export function readTrustBundle(value: unknown): TrustBundle | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { roots, trustDomain } = value as Partial<Record<keyof TrustBundle, unknown>>;
  if (typeof roots !== 'string' || typeof trustDomain !== 'string') return undefined;
  return certificatesOf(roots).length > 0 ? { roots, trustDomain } : undefined;
}

/** All certificates of both texts, each once, in the order of their first appearance. */
export function mergeRoots(first: string, second: string): string {
  return [...new Set([...certificatesOf(first), ...certificatesOf(second)])].join('');
}

/**
 * An identity that trusts, beside the roots that came with its certificate, those of the trust bundle: a service then
 * accepts proxies that were signed by a new root before its own certificate is.
 */
export function withTrustBundle(identity: IdentitySource, bundle: TrustBundleSource): IdentitySource {
  const merged = (own: TlsIdentity): TlsIdentity => {
    const extra = bundle.current();
    return extra ? { ...own, roots: mergeRoots(own.roots, extra.roots) } : own;
  };
  const current = (): TlsIdentity | undefined => {
    const own = identity.current();
    return own && merged(own);
  };
  const subscribe = (listener: (identity: TlsIdentity) => void): (() => void) => {
    const stops = [
      identity.subscribe((own) => listener(merged(own))),
      bundle.subscribe(() => {
        const own = current();
        if (own) listener(own);
      }),
    ];
    return () => stops.forEach((stop) => stop());
  };
  return { current, subscribe };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

function certificatesOf(pem: string): string[] {
  return Array.from(pem.matchAll(CERTIFICATE), ([text]) => `${text}\n`);
}

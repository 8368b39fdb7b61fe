import type { SpiffeId } from './types.js';

/** Longest SPIFFE ID that verifiers must support: https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md */
const MAX_BYTES = 2048;
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
/** A Kubernetes name: lower case, digits, `-` and `.`; nothing that a URI, a log line or a certificate could misread. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const SHAPE = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/;

/** Whether the text can stand as the namespace or the service account of an identity. */
export function isIdentityName(text: string): boolean {
  return NAME.test(text);
}

/** Whether the text can stand as a trust domain. */
export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text);
}

/** Reads Istio's form of a SPIFFE ID; undefined for everything else, however close. */
export function parseSpiffeId(uri: string): SpiffeId | undefined {
  if (uri.length > MAX_BYTES) return undefined;
  const match = SHAPE.exec(uri);
  if (!match) return undefined;
  const [, trustDomain = '', namespace = '', serviceAccount = ''] = match;
  const id = { trustDomain, namespace, serviceAccount };
  return isSpiffeId(id) ? id : undefined;
}

/** Whether all three parts are such that {@link formatSpiffeId} gives a valid identity. */
export function isSpiffeId(id: SpiffeId): boolean {
  return isTrustDomain(id.trustDomain) && isIdentityName(id.namespace) && isIdentityName(id.serviceAccount);
}

/** The URI form. Throws a RangeError when a part could not be read back. */
export function formatSpiffeId(id: SpiffeId): string {
  if (!isSpiffeId(id)) throw new RangeError('the parts do not make a SPIFFE ID');
  return `spiffe://${id.trustDomain}/ns/${id.namespace}/sa/${id.serviceAccount}`;
}

/**
 * The one SPIFFE ID of a certificate, from Node's rendering of its subject alternative names
 * (`URI:spiffe://..., DNS:...`). A certificate with two URIs proves neither, as the X.509-SVID standard says.
 */
export function spiffeIdOfAltNames(altNames: string | undefined): SpiffeId | undefined {
  // Node quotes a name that holds a comma or a quote; no SPIFFE ID does, so such a certificate is not ours.
  if (!altNames || altNames.includes('"')) return undefined;
  const uris = altNames.split(', ').filter((name) => name.startsWith('URI:'));
  return uris.length === 1 ? parseSpiffeId(uris[0]!.slice('URI:'.length)) : undefined;
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

/** The parts of a request that decide whether it may see a debug page. */
export interface DebugRequest {
  /** Of the peer, as the socket knows it. */
  readonly remoteAddress: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export type DebugAccess = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const DENIED = 'debug pages are for this host, or for whoever shows the token of --debug-token-file';

/**
 * Debug pages show the whole mesh: they are for callers on this host, and for those who show the token. A request that
 * a proxy on this host passes on (X-Forwarded-For), or that a browser was tricked into (a Host that is a name from
 * elsewhere), does not count as local.
 *
 * @param token undefined where no token opens the pages
 */
export function debugAccess(request: DebugRequest, token: string | undefined): DebugAccess {
  if (token !== undefined && showsToken(request, token)) return { ok: true };
  const local = isLoopback(request.remoteAddress ?? '') && isDirect(request);
  return local ? { ok: true } : { ok: false, reason: DENIED };
}

function showsToken({ headers }: DebugRequest, token: string): boolean {
  const [scheme, shown = ''] = text(headers['authorization']).split(' ');
  // Digests are of one length, so that the comparison tells nothing about the token's.
  return scheme?.toLowerCase() === 'bearer' && timingSafeEqual(digest(shown), digest(token));
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

function isDirect({ headers }: DebugRequest): boolean {
  const host = text(headers['host'])
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
  return headers['x-forwarded-for'] === undefined && (host === 'localhost' || isIP(host) !== 0);
}

function text(header: string | string[] | undefined): string {
  return Array.isArray(header) ? (header[0] ?? '') : (header ?? '');
}

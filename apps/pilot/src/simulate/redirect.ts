import type { HttpRequest } from './call.js';
import type { RedirectAction, RouteMatch } from './envoy-config.js';
import { pathOnly, rewrittenPath } from './path.js';

const STATUS: ReadonlyMap<string, number> = new Map([
  ['FOUND', 302],
  ['SEE_OTHER', 303],
  ['TEMPORARY_REDIRECT', 307],
  ['PERMANENT_REDIRECT', 308],
]);

export function redirectStatus({ response_code: code = '' }: RedirectAction): number {
  return STATUS.get(code) ?? 301;
}

/** Where a redirect sends to. */
export function locationOf(
  redirect: RedirectAction,
  match: RouteMatch,
  request: HttpRequest,
  scheme: 'http' | 'https',
): string {
  const newScheme = redirect.https_redirect ? 'https' : redirect.scheme_redirect || scheme;
  const port = redirect.port_redirect ? `:${redirect.port_redirect}` : '';
  const host = redirect.host_redirect || hostWithout(request.authority, scheme, newScheme, port !== '');
  return `${newScheme}://${host}${port}${pathFor(redirect, match, request.path)}`;
}

/** The request's port goes where another is named, or where it is only the usual one of a scheme that changes. */
function hostWithout(authority: string, scheme: string, newScheme: string, newPort: boolean): string {
  const [port] = /:\d+$/.exec(authority) ?? [];
  if (!port) return authority;
  const usual = scheme === 'https' ? ':443' : ':80';
  return newPort || (scheme !== newScheme && port === usual) ? authority.slice(0, -port.length) : authority;
}

function pathFor(redirect: RedirectAction, match: RouteMatch, path: string): string {
  const { path_redirect: whole, prefix_rewrite: prefix, regex_rewrite: regex, strip_query: strip } = redirect;
  if (whole?.includes('?')) return whole;
  const query = path.slice(pathOnly(path).length);
  const changed = whole ? whole + query : rewrittenPath(path, match, { prefix, regex });
  return strip ? pathOnly(changed) : changed;
}

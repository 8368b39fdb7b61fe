/** Host names as Istio's API writes them: full names, short names, and wildcards `*` and `*.suffix`. */

/** The domain of services without one of their own, Istio's `--domain`. */
export const DOMAIN_SUFFIX = 'cluster.local';

/** Completes a short name, `reviews` to `reviews.<namespace>.svc.cluster.local`; names with a dot are full, and so are addresses. */
export function fullHost(host: string, namespace: string): string {
  if (host === '*' || /[.:]/.test(host)) return host;
  return `${host}.${namespace}.svc.${DOMAIN_SUFFIX}`;
}

export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** Whether every name that `host` stands for is one of `pattern`. */
export function isCoveredBy(host: string, pattern: string): boolean {
  if (!isWildcard(pattern)) return host === pattern;
  return host.length >= pattern.length && host.endsWith(pattern.slice(1));
}

/** All wildcards that cover a host, as far as they end at a label: `*.b.c`, `*.c` and `*` for `a.b.c`. */
export function wildcardsOver(host: string): string[] {
  const found: string[] = [];
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1))
    found.push(`*${host.slice(dot)}`);
  return [...found, '*'];
}

/** The narrowest wildcard that ends at a label and covers what this one does: `*.b.c` for `*-v1.b.c`. */
export function atLabel(wildcard: string): string {
  const dot = wildcard.indexOf('.');
  return dot < 0 ? '*' : `*${wildcard.slice(dot)}`;
}

/** The narrower of two hosts where they have names in common. */
export function intersectHosts(a: string, b: string): string | undefined {
  if (isCoveredBy(a, b)) return a;
  return isCoveredBy(b, a) ? b : undefined;
}

/** Of wildcards that cover a host the longest comes first. */
export function moreSpecificFirst(a: string, b: string): number {
  return b.length - a.length || (a < b ? -1 : 1);
}

/**
 * The names under which a proxy may call a service besides its full one: `reviews`, `reviews.default`,
 * `reviews.default.svc` for `reviews.default.svc.cluster.local` seen from `default.svc.cluster.local`. A service of
 * another namespace keeps its namespace, one of another domain has no short name.
 */
export function shortNames(host: string, dnsDomain: string): string[] {
  const [namespace = '', ...shared] = dnsDomain.split('.');
  const suffix = `.${shared.join('.')}`;
  if (isWildcard(host) || shared.length === 0 || !host.endsWith(suffix)) return [];
  const unique = host.slice(0, -suffix.length);
  const names = shared[0] === 'svc' ? [unique, `${unique}.svc`] : [unique];
  const local = `.${namespace}`;
  return unique.endsWith(local) ? [unique.slice(0, -local.length), ...names] : names;
}

/** `10.0.0.1:80`, `[::1]:80`. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

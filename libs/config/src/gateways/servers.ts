import type { Server } from '../kinds/gateway.js';

/**
 * What a server of a Gateway does with connections: read HTTP, end TLS and read HTTP, carry them, end TLS and carry
 * what is inside, carry TLS as it is to where a route for its SNI says, or to the service that its SNI names.
 */
export type ServerKind = 'http' | 'https' | 'tcp' | 'tls' | 'passthrough' | 'auto-passthrough';

const HTTP_PROTOCOLS = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB']);

export function serverKind({ port, tls }: Server): ServerKind {
  const protocol = port.protocol.toUpperCase();
  if (HTTP_PROTOCOLS.has(protocol)) return 'http';
  if (protocol !== 'HTTPS' && protocol !== 'TLS') return 'tcp';
  switch (tls?.mode ?? 'PASSTHROUGH') {
    case 'PASSTHROUGH':
      return 'passthrough';
    case 'AUTO_PASSTHROUGH':
      return 'auto-passthrough';
    default:
      return protocol === 'HTTPS' ? 'https' : 'tls';
  }
}

/** Splits `[namespace/]dnsName`; every namespace where none is named. */
export function scopedHost(entry: string): { readonly scope: string; readonly host: string } {
  const slash = entry.indexOf('/');
  return slash < 0
    ? { scope: '*', host: entry }
    : { scope: entry.slice(0, slash), host: entry.slice(slash + 1) };
}

/** The names that a server is asked for by SNI: `*` alone where it takes any. */
export function sniHosts({ hosts }: Server): string[] {
  const names = new Set(hosts.map((entry) => scopedHost(entry).host.toLowerCase()));
  return names.has('*') ? ['*'] : [...names];
}

import type { Proxy } from './proxy.js';

/** Every address of a family that the proxy has: IPv4's, unless it has none of those. */
export function anyAddress({ ipFamilies }: Pick<Proxy, 'ipFamilies'>): string {
  return ipFamilies === 'IPv6' ? '::' : '0.0.0.0';
}

import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';

export { anyAddress } from '../../model/addresses.js';

export function loopback({ ipFamilies }: Proxy): string {
  return ipFamilies === 'IPv6' ? '::1' : '127.0.0.1';
}

/** What a listener on every address has besides, where a proxy has addresses of both families. */
export function moreAnyAddresses(
  view: WorldView,
  { ipFamilies }: Proxy,
): { readonly additionalAddresses?: readonly string[] } {
  const both = view.environment.switches?.dualStack && ipFamilies === 'both';
  return both ? { additionalAddresses: ['::'] } : {};
}

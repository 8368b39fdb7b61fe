import type { RouteConfiguration, VirtualHost } from './envoy-config.js';

/**
 * The virtual host of an authority: an exact domain, else the longest `*.example.com`, else the longest
 * `www.example.*`, else `*`, whatever case they are written in.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-virtualhost
 */
export function virtualHostOf(table: RouteConfiguration, authority: string): VirtualHost | undefined {
  const host = (table.ignore_port_in_host_matching ? withoutPort(authority) : authority).toLowerCase();
  let best: { readonly fit: number; readonly virtualHost: VirtualHost } | undefined;
  for (const virtualHost of table.virtual_hosts ?? []) {
    for (const domain of virtualHost.domains) {
      const fit = domainFit(domain.toLowerCase(), host);
      if (fit > (best?.fit ?? 0)) best = { fit, virtualHost };
    }
  }
  return best?.virtualHost;
}

const EXACT = 3e6;
const SUFFIX = 2e6;
const PREFIX = 1e6;

/** 0 for no fit; else higher is better. A wildcard stands for at least one character. */
function domainFit(domain: string, host: string): number {
  if (domain === '*') return 1;
  if (domain === host) return EXACT;
  if (domain.startsWith('*') && host.length >= domain.length && host.endsWith(domain.slice(1)))
    return SUFFIX + domain.length;
  if (domain.endsWith('*') && host.length >= domain.length && host.startsWith(domain.slice(0, -1)))
    return PREFIX + domain.length;
  return 0;
}

export function withoutPort(authority: string): string {
  return authority.replace(/:\d*$/, '');
}

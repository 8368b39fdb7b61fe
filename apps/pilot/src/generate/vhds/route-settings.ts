import type { HTTPRetry } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';

/** What mesh and proxy say about all routes, as far as it differs from what Istio does by itself. */
export interface RouteSettings {
  /** Where a route states none. */
  readonly retries?: HTTPRetry;
  readonly hidesAttempts?: boolean;
  /** A rewritten authority is told by x-forwarded-host. */
  readonly forwardsHost?: boolean;
}

export function pickRouteSettings(view: WorldView, proxy: Proxy): { settings?: RouteSettings } {
  const { defaultHttpRetryPolicy: retries, defaultConfig } = view.mesh();
  const headers = proxy.proxyConfig.proxyHeaders ?? defaultConfig.proxyHeaders;
  const settings: RouteSettings = {
    ...(retries && { retries }),
    ...(headers?.attemptCount?.disabled && { hidesAttempts: true }),
    ...(headers?.xForwardedHost?.enabled && { forwardsHost: true }),
  };
  return Object.keys(settings).length > 0 ? { settings } : {};
}

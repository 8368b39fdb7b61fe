import type { envoy } from '#common/proto/envoy';
import { EXT_AUTHZ, checkSettings } from './mixer-check.js';
import type { MixerCheck } from './mixer-check.js';

/** The route from an inbound listener to the application: everything, for as long as it takes. */
export function inboundRoute(
  cluster: string,
  port: number,
  check: MixerCheck | undefined,
): envoy.config.route.v3.RouteConfiguration.$Properties {
  return {
    name: cluster,
    validateClusters: { value: false },
    virtualHosts: [
      {
        name: `inbound|http|${port}`,
        domains: ['*'],
        routes: [{ name: 'default', match: { prefix: '/' }, route: inboundAction(cluster) }],
        ...(check && { typedPerFilterConfig: { [EXT_AUTHZ]: checkSettings(check) } }),
      },
    ],
  };
}

/** What did not reach the application, because it closed an idle connection at that moment, may be sent again. */
function inboundAction(cluster: string): envoy.config.route.v3.RouteAction.$Properties {
  const retryPolicy = { retryOn: 'reset-before-request', numRetries: { value: 2 } };
  return { cluster, timeout: { seconds: 0 }, retryPolicy };
}

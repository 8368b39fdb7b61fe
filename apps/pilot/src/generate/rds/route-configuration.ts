import { envoy } from '#common/proto/envoy';
import type { ResourceKey } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { HTTP_PROXY_ROUTE, PASSTHROUGH } from '../common/names.js';
import { distinctSources } from '../common/provenance.js';
import type { VirtualHostPick } from '../vhds/inputs.js';
import { virtualHost, virtualHostSources } from '../vhds/virtual-host.js';

type VirtualHost = envoy.config.route.v3.VirtualHost.$Properties;
type RouteConfiguration = envoy.config.route.v3.RouteConfiguration.$Properties;

/** As long as Galley lets a direct response be; Envoy's own limit is 4 KB. */
const MAX_DIRECT_RESPONSE_BYTES = 1024 * 1024;

export interface RouteConfigurationPick {
  readonly name: string;
  /** What becomes of a host that no virtual host has; gateways answer 404 themselves. */
  readonly unknownHosts: 'allow' | 'block' | 'none';
  /** The virtual hosts that the table holds itself. */
  readonly virtualHosts: readonly VirtualHostPick[];
  /** Whether the others follow one by one. */
  readonly vhds: boolean;
  /** Config that decides about the table itself. */
  readonly sources: readonly ResourceKey[];
}

export function routeConfiguration(pick: RouteConfigurationPick): RouteConfiguration {
  return {
    name: pick.name,
    virtualHosts: [...pick.virtualHosts.map(virtualHost), ...catchAll(pick.unknownHosts)],
    validateClusters: { value: false },
    maxDirectResponseBodySizeBytes: { value: MAX_DIRECT_RESPONSE_BYTES },
    // The explicit proxy serves all ports in one table: there a request's port is what tells them apart.
    ignorePortInHostMatching: pick.name !== HTTP_PROXY_ROUTE,
    ...(pick.vhds && {
      vhds: { configSource: { ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3 } },
    }),
  };
}

export function routeConfigurationSources(pick: RouteConfigurationPick): string[] {
  return distinctSources(pick.sources, ...pick.virtualHosts.map(virtualHostSources));
}

/** The explicit proxy blocks: there is no original destination to pass a request through to, only the proxy itself. */
export function unknownHosts(
  view: WorldView,
  proxy: Proxy,
  route: string,
): RouteConfigurationPick['unknownHosts'] {
  if (proxy.type === 'router') return 'none';
  if (route === HTTP_PROXY_ROUTE) return 'block';
  return outboundPolicy(view, proxy) === 'ALLOW_ANY' ? 'allow' : 'block';
}

export function outboundPolicy(view: WorldView, proxy: Proxy): 'ALLOW_ANY' | 'REGISTRY_ONLY' {
  return view.sidecar(proxy)?.spec.outboundTrafficPolicy?.mode ?? view.mesh().outboundTrafficPolicy;
}

/** The last virtual host, under Istio's names. */
function catchAll(mode: RouteConfigurationPick['unknownHosts']): VirtualHost[] {
  if (mode === 'none') return [];
  const shared = { domains: ['*'], includeRequestAttemptCount: true };
  if (mode === 'block') {
    return [
      {
        name: 'block_all',
        ...shared,
        routes: [{ name: 'block_all', match: { prefix: '/' }, directResponse: { status: 502 } }],
      },
    ];
  }
  const route = { cluster: PASSTHROUGH, timeout: { seconds: 0 }, maxGrpcTimeout: { seconds: 0 } };
  return [{ name: 'allow_any', ...shared, routes: [{ name: 'allow_any', match: { prefix: '/' }, route }] }];
}

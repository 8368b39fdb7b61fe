import { envoy } from '#common/proto/envoy';
import type { ResourceKey } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { unknownDestination, egressProxy, outboundPolicy } from '../common/outbound-policy.js';
import { servesAllPorts } from '../common/own-egress.js';
import { parseSniffedRoute } from '../common/names.js';
import { distinctSources } from '../common/provenance.js';
import { NO_TIMEOUT } from '../common/values.js';
import type { VirtualHostPick } from '../vhds/inputs.js';
import { virtualHost, virtualHostSources } from '../vhds/virtual-host.js';

type VirtualHost = envoy.config.route.v3.VirtualHost.$Properties;
type RouteConfiguration = envoy.config.route.v3.RouteConfiguration.$Properties;

/** As long as Galley lets a direct response be; Envoy's own limit is 4 KB. */
const MAX_DIRECT_RESPONSE_BYTES = 1024 * 1024;

/** `allow`: passed on to a cluster, `block`: answered with 502. */
export type UnknownHosts = 'block' | 'none' | { readonly allow: string };

export interface RouteConfigurationPick {
  readonly name: string;
  /** What becomes of a host that no virtual host has; gateways answer 404 themselves. */
  readonly unknownHosts: UnknownHosts;
  /** Whether one table serves all ports, so that a request's port is what tells them apart. */
  readonly allPorts: boolean;
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
    ignorePortInHostMatching: !pick.allPorts,
    ...(pick.vhds && {
      vhds: { configSource: { ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3 } },
    }),
  };
}

export function routeConfigurationSources(pick: RouteConfigurationPick): string[] {
  return distinctSources(pick.sources, ...pick.virtualHosts.map(virtualHostSources));
}

/** An explicit proxy blocks: there is no original destination to pass a request through to, only the proxy itself. */
export function unknownHosts(view: WorldView, proxy: Proxy, route: string): UnknownHosts {
  if (proxy.type === 'router' || parseSniffedRoute(route)) return 'none';
  if (outboundPolicy(view, proxy) !== 'ALLOW_ANY') return 'block';
  const nowhere = servesAllPorts(view, proxy, route) && egressProxy(view, proxy) === undefined;
  return nowhere ? 'block' : { allow: unknownDestination(view, proxy) };
}

/** The last virtual host, under Istio's names. */
function catchAll(mode: UnknownHosts): VirtualHost[] {
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
  const route = { cluster: mode.allow, ...NO_TIMEOUT };
  return [{ name: 'allow_any', ...shared, routes: [{ name: 'allow_any', match: { prefix: '/' }, route }] }];
}

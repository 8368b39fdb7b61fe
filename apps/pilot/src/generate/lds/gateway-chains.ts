import { envoy } from '#common/proto/envoy';
import type { ResourceKey, ServerTLSSettings, TLSConfig } from '#config';
import { BLACK_HOLE } from '../common/names.js';
import { any } from '../common/proto.js';
import { provenance } from '../common/provenance.js';
import { serverTls, serverTlsParameters } from '../common/server-tls.js';
import { MESH_ALPN, meshServerTls } from '../common/tls.js';
import type { MeshTrust } from '../common/tls-parameters.js';
import type { HttpPick } from './http-pick.js';
import { httpConnectionManager } from './http-connection-manager.js';
import type { L4Chain, L4Match } from './l4-chain.js';
import { chainMatch, l4Filters } from './l4-filters.js';
import type { TcpPolicy } from './tcp-policy.js';
import { tcpProxy } from './tcp-proxy.js';

type Filter = envoy.config.listener.v3.Filter.$Properties;
type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;

/** TLS that a server of a gateway ends. */
export interface GatewayTls {
  readonly settings: ServerTLSSettings;
  readonly alpn: readonly string[];
  /** That of the mesh, for ISTIO_MUTUAL. */
  readonly trustDomain: string;
  readonly trust?: MeshTrust;
  /** What the mesh says of all other TLS. */
  readonly defaults?: TLSConfig;
}

/** What a gateway does with some of a listener's connections: read HTTP, carry them, or pass the mesh's TLS on. */
export type GatewayTraffic =
  | { readonly kind: 'http'; readonly http: HttpPick }
  | { readonly kind: 'carried'; readonly chain: L4Chain }
  | { readonly kind: 'passed-on'; readonly hosts: readonly string[] };

export interface GatewayChain {
  readonly match: L4Match;
  readonly tls?: GatewayTls;
  readonly traffic: GatewayTraffic;
  /** The Gateway. */
  readonly config: ResourceKey;
}

/** @param policies of the clusters that connections are carried to */
export function gatewayChain(chain: GatewayChain, policies: readonly TcpPolicy[]): FilterChain {
  const { match, tls, traffic, config } = chain;
  const meshOnly = traffic.kind === 'passed-on' ? { applicationProtocols: MESH_ALPN } : {};
  const filterChainMatch = { ...chainMatch(match), ...meshOnly };
  const origin = traffic.kind === 'carried' ? (traffic.chain.config ?? config) : config;
  // Plain HTTP has a chain for all its servers: there the listener says where it is from.
  const isShared = traffic.kind === 'http' && !tls;
  return {
    ...(Object.keys(filterChainMatch).length > 0 && { filterChainMatch }),
    filters: filtersOf(traffic, policies),
    ...(tls && { transportSocket: gatewayTls(tls) }),
    ...(!isShared && { metadata: provenance(origin) }),
  };
}

function filtersOf(traffic: GatewayTraffic, policies: readonly TcpPolicy[]): Filter[] {
  switch (traffic.kind) {
    case 'http':
      return [httpConnectionManager(traffic.http)];
    case 'carried':
      return l4Filters(traffic.chain, policies);
    case 'passed-on':
      return [onlyMeshNames(traffic.hosts), sniCluster(), tcpProxy(BLACK_HOLE)];
  }
}

function gatewayTls({ settings, alpn, trustDomain, trust, defaults }: GatewayTls) {
  if (settings.mode !== 'ISTIO_MUTUAL') return serverTls(settings, { alpn, defaults });
  const { tlsParams } = serverTlsParameters(settings, trust?.tls);
  return meshServerTls(trustDomain, trust, { alpn, names: settings.subjectAltNames ?? [], tlsParams });
}

/** The cluster of a connection is the one that its SNI names. */
function sniCluster(): Filter {
  const { SniCluster } = envoy.extensions.filters.network.sni_cluster.v3;
  return { name: 'envoy.filters.network.sni_cluster', typedConfig: any(SniCluster, {}) };
}

/**
 * A client may put anything into its SNI, the name of a cluster that speaks for this gateway among it. What passes is a
 * name of the mesh's own TLS, for one of the hosts that the servers have.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings-TLSmode
 */
function onlyMeshNames(hosts: readonly string[]): Filter {
  const { RBAC } = envoy.extensions.filters.network.rbac.v3;
  const regex = `outbound_\\.[0-9]+_\\.[^_|]*_\\.(?:${hosts.map(hostPattern).join('|')})`;
  const permissions = [{ requestedServerName: { safeRegex: { regex } } }];
  const policies = { 'mesh-names': { permissions, principals: [{ any: true }] } };
  const { ALLOW } = envoy.config.rbac.v3.RBAC.Action;
  const typedConfig = any(RBAC, { rules: { action: ALLOW, policies }, statPrefix: 'sni.' });
  return { name: 'envoy.filters.network.rbac', typedConfig };
}

/** `*` any host, `*.suffix` those that end so, else the host itself. */
function hostPattern(host: string): string {
  const quoted = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return host.startsWith('*') ? `[^|]+${quoted(host.slice(1))}` : quoted(host);
}

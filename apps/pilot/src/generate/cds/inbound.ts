import { envoy } from '#common/proto/envoy';
import type { ConnectionPoolSettings, ResourceKey, TcpKeepalive } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { address } from '../common/address.js';
import type { InboundPort } from '../common/inbound.js';
import { inboundPorts } from '../common/inbound.js';
import { parseInbound } from '../common/names.js';
import { provenance } from '../common/provenance.js';
import { statName } from '../common/stat-name.js';
import { duration } from '../common/values.js';
import { connectionPool } from './connection-pool.js';
import { originalDestination } from './original-destination.js';
import { asClientSpeaks, protocolOptions } from './protocol-options.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

export interface InboundPick {
  readonly sort: 'inbound';
  readonly name: string;
  readonly http2: boolean;
  /** It is spoken to as the client speaks. */
  readonly sniffed?: boolean;
  /** Where the application listens. */
  readonly endpoint: string;
  readonly port: number;
  /** Instead, wherever the client meant to go. */
  readonly passthrough: boolean;
  readonly ipv6?: boolean;
  readonly statName?: string;
  readonly connectionPool?: ConnectionPoolSettings;
  readonly connectTimeout: string;
  /** That of the mesh. */
  readonly keepalive?: TcpKeepalive;
  readonly sources: readonly ResourceKey[];
}

/** The application behind one port of the proxy's own workload. */
export function pickInbound(view: WorldView, proxy: Proxy, name: string): InboundPick | undefined {
  const port = parseInbound(name);
  const inbound =
    port === undefined ? undefined : inboundPorts(view, proxy).find((each) => each.port === port);
  if (!inbound) return undefined;
  const mesh = view.mesh();
  return {
    sort: 'inbound',
    name,
    http2: inbound.protocol === 'HTTP2',
    ...(inbound.protocol === 'AUTO' && { sniffed: true }),
    endpoint: inbound.endpoint,
    port: inbound.endpointPort,
    passthrough: inbound.passthrough ?? false,
    ...(proxy.ipFamilies === 'IPv6' && { ipv6: true }),
    ...inboundStatName(mesh.inboundClusterStatName, inbound),
    ...(inbound.connectionPool && { connectionPool: inbound.connectionPool }),
    connectTimeout: inbound.connectionPool?.tcp?.connectTimeout ?? mesh.connectTimeout,
    ...(mesh.tcpKeepalive && { keepalive: mesh.tcpKeepalive }),
    sources: inbound.sources,
  };
}

export function inboundCluster(pick: InboundPick): Cluster {
  const spoken = pick.sniffed ? asClientSpeaks(pick.connectionPool) : pick.connectionPool;
  return {
    name: pick.name,
    ...(pick.statName && { altStatName: pick.statName }),
    ...(pick.passthrough ? originalDestination(pick.ipv6 ?? false) : application(pick)),
    connectTimeout: duration(pick.connectTimeout),
    ...connectionPool(pick.connectionPool, { keepalive: pick.keepalive }),
    typedExtensionProtocolOptions: protocolOptions(pick.http2, spoken) ?? {},
    metadata: provenance(pick.sources[0]),
  };
}

function inboundStatName(pattern: string, { service, port: targetPort }: InboundPort): { statName?: string } {
  return pattern && service ? { statName: statName(pattern, { ...service, targetPort, subset: '' }) } : {};
}

function application({ name: clusterName, endpoint, port }: InboundPick): Cluster {
  const endpoints = [{ lbEndpoints: [{ endpoint: { address: address(endpoint, port) } }] }];
  return {
    type: envoy.config.cluster.v3.Cluster.DiscoveryType.STATIC,
    loadAssignment: { clusterName, endpoints },
  };
}

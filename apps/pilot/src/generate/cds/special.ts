import type { TcpKeepalive } from '#config';
import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { BLACK_HOLE, INBOUND_PASSTHROUGH, PASSTHROUGH } from '../common/names.js';
import { duration } from '../common/values.js';
import { connectionPool } from './connection-pool.js';
import { asClientSpeaks, protocolOptions } from './protocol-options.js';
import { originalDestination } from './original-destination.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

/** Clusters that stand for no service. */
export interface SpecialPick {
  readonly sort: 'special';
  readonly name: string;
  readonly ipv6?: boolean;
  readonly connectTimeout: string;
  /** That of the mesh. */
  readonly keepalive?: TcpKeepalive;
  readonly sources: readonly string[];
}

export function pickSpecial(view: WorldView, proxy: Proxy, name: string): SpecialPick | undefined {
  if (name !== BLACK_HOLE && name !== PASSTHROUGH && name !== INBOUND_PASSTHROUGH) return undefined;
  const { connectTimeout, tcpKeepalive: keepalive, sources } = view.mesh();
  const ipv6 = name === INBOUND_PASSTHROUGH && proxy.ipFamilies === 'IPv6' ? { ipv6: true } : {};
  return { sort: 'special', name, ...ipv6, connectTimeout, ...(keepalive && { keepalive }), sources };
}

export function specialCluster({ name, connectTimeout, keepalive, ipv6 = false }: SpecialPick): Cluster {
  const { DiscoveryType, LbPolicy } = envoy.config.cluster.v3.Cluster;
  const shared = { name, connectTimeout: duration(connectTimeout) };
  if (name === BLACK_HOLE) return { ...shared, type: DiscoveryType.STATIC };
  return {
    ...shared,
    type: DiscoveryType.ORIGINAL_DST,
    lbPolicy: LbPolicy.CLUSTER_PROVIDED,
    ...connectionPool(undefined, { keepalive }),
    // HTTP is passed on in the version that it comes in.
    typedExtensionProtocolOptions: protocolOptions(false, asClientSpeaks(undefined)) ?? {},
    ...(name === INBOUND_PASSTHROUGH && originalDestination(ipv6)),
  };
}

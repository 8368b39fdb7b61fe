import { envoy } from '#common/proto/envoy';
import type { ResourceKey } from '#config';
import { MIXER_BY_NAME } from '../../world/view.js';
import type { WorldView } from '../../model/contract.js';
import { address, isStatic, splitHostPort } from '../common/address.js';
import { mixerClusterNames } from '../common/mixer.js';
import { outboundSni, parseOutbound } from '../common/names.js';
import type { MeshTrust } from '../common/tls-parameters.js';
import { pickTrust } from '../common/tls-parameters.js';
import { connectionPool } from './connection-pool.js';
import { protocolOptions } from './protocol-options.js';
import { meshSocket } from './upstream-tls.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

export interface MixerPick {
  readonly sort: 'mixer';
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly trustDomain: string;
  readonly trust?: MeshTrust;
  readonly sources: readonly ResourceKey[];
}

const ACCOUNT = 'ns/istio-system/sa/istio-mixer-service-account';

/** Mixer under the name that MeshConfig gives it, at the address that Pilot was told, or where the name itself leads. */
export function pickMixer(view: WorldView, name: string): MixerPick | undefined {
  const { mixer = '' } = view.environment;
  const target = mixer === MIXER_BY_NAME ? parseOutbound(name) : splitHostPort(mixer);
  if (!target || !mixerClusterNames(view).includes(name)) return undefined;
  const { trustDomain, sources } = view.mesh();
  const { host, port } = target;
  return { sort: 'mixer', name, host, port, trustDomain, ...pickTrust(view), sources };
}

export function mixerCluster({ name, host, port, trustDomain, trust }: MixerPick): Cluster {
  const { DiscoveryType } = envoy.config.cluster.v3.Cluster;
  const parsed = parseOutbound(name);
  return {
    name,
    type: isStatic(host) ? DiscoveryType.STATIC : DiscoveryType.STRICT_DNS,
    connectTimeout: { seconds: 1 },
    ...connectionPool(undefined),
    typedExtensionProtocolOptions: protocolOptions(true, undefined) ?? {},
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: address(host, port) } }] }],
    },
    transportSocket: meshSocket({
      trustDomain,
      ...(trust && { trust }),
      sni: parsed ? outboundSni(parsed) : host,
      http2: true,
      accounts: [ACCOUNT],
    }),
  };
}

import type { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { withProfile } from '../lds/connection-options.js';

/** What a proxy's configuration says about all clusters. */
export interface ClusterSettings {
  /** Bytes. */
  readonly bufferLimit?: number;
}

export function pickClusterSettings(view: WorldView, proxy: Proxy): ClusterSettings {
  const settings = proxy.proxyConfig.connectionSettings ?? view.mesh().defaultConfig.connectionSettings;
  const { clusterPerConnectionBufferLimitBytes: bufferLimit } = withProfile(settings ?? {});
  return bufferLimit === undefined ? {} : { bufferLimit };
}

export function clusterSettings({
  bufferLimit,
}: ClusterSettings): envoy.config.cluster.v3.Cluster.$Properties {
  return bufferLimit === undefined ? {} : { perConnectionBufferLimitBytes: { value: bufferLimit } };
}

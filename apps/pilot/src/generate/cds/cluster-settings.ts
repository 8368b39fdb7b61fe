import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { any } from '../common/proto.js';
import { withProfile } from '../lds/connection-options.js';
import { preserveCase } from '../lds/http-settings.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;
type Upstream = envoy.extensions.upstreams.http.v3.HttpProtocolOptions.$Properties;

/** What a proxy's configuration says about all clusters. */
export interface ClusterSettings {
  /** Bytes. */
  readonly bufferLimit?: number;
  /** HTTP/1.1 header names go out as they came in. */
  readonly preservesCase?: true;
}

export function pickClusterSettings(view: WorldView, proxy: Proxy): ClusterSettings {
  const { connectionSettings, proxyHeaders } = { ...view.mesh().defaultConfig, ...proxy.proxyConfig };
  const { clusterPerConnectionBufferLimitBytes: bufferLimit } = withProfile(connectionSettings ?? {});
  return {
    ...(bufferLimit !== undefined && { bufferLimit }),
    ...(proxyHeaders?.preserveHttp1HeaderCase && { preservesCase: true }),
  };
}

export function withClusterSettings(
  cluster: Cluster,
  { bufferLimit, preservesCase }: ClusterSettings,
): Cluster {
  return {
    ...cluster,
    ...(bufferLimit !== undefined && { perConnectionBufferLimitBytes: { value: bufferLimit } }),
    ...(preservesCase && { typedExtensionProtocolOptions: preservingCase(cluster) }),
  };
}

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

function preservingCase({
  typedExtensionProtocolOptions: held,
}: Cluster): Cluster['typedExtensionProtocolOptions'] {
  const { HttpProtocolOptions } = envoy.extensions.upstreams.http.v3;
  const value = held?.[OPTIONS]?.value;
  const options: Upstream = value ? HttpProtocolOptions.decode(value) : { explicitHttpConfig: {} };
  const { explicitHttpConfig: explicit, useDownstreamProtocolConfig: downstream } = options;
  const http1 = { httpProtocolOptions: { headerKeyFormat: preserveCase() } };
  if (explicit?.http2ProtocolOptions) return held;
  const changed = downstream
    ? { ...options, useDownstreamProtocolConfig: { ...downstream, ...http1 } }
    : { ...options, explicitHttpConfig: http1 };
  return { ...held, [OPTIONS]: any(HttpProtocolOptions, changed) };
}

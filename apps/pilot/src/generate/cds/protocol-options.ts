import type { ConnectionPoolSettings } from '#config';
import { envoy } from '#common/proto/envoy';
import type { Any } from '../common/proto.js';
import { any } from '../common/proto.js';
import { duration, wrapped } from '../common/values.js';

type Http2 = envoy.config.core.v3.Http2ProtocolOptions.$Properties;
type Upstream = envoy.extensions.upstreams.http.v3.HttpProtocolOptions.$Properties;

/** As many as HTTP/2 allows: a limit is the connection pool's business. */
const MAX_STREAMS = 1073741824;

/** How an upstream speaks HTTP; undefined where Envoy's own way, HTTP/1.1, is meant. */
export function protocolOptions(
  http2: boolean,
  settings: ConnectionPoolSettings['http'],
): Record<string, Any> | undefined {
  const upgraded = http2 || settings?.h2UpgradePolicy === 'UPGRADE';
  const common = commonOptions(settings);
  if (!upgraded && !common && !settings?.useClientProtocol) return undefined;
  const options: Upstream = { ...common, ...protocol(upgraded, settings) };
  const { HttpProtocolOptions } = envoy.extensions.upstreams.http.v3;
  return { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(HttpProtocolOptions, options) };
}

function protocol(http2: boolean, settings: ConnectionPoolSettings['http']): Upstream {
  const http2ProtocolOptions: Http2 = {
    maxConcurrentStreams: { value: settings?.maxConcurrentStreams || MAX_STREAMS },
  };
  if (settings?.useClientProtocol) {
    return { useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions } };
  }
  return { explicitHttpConfig: http2 ? { http2ProtocolOptions } : { httpProtocolOptions: {} } };
}

function commonOptions(settings: ConnectionPoolSettings['http']): Upstream | undefined {
  const { idleTimeout, maxRequestsPerConnection } = settings ?? {};
  if (!idleTimeout && !maxRequestsPerConnection) return undefined;
  return {
    commonHttpProtocolOptions: {
      ...(idleTimeout && { idleTimeout: duration(idleTimeout) }),
      maxRequestsPerConnection: wrapped(maxRequestsPerConnection || undefined),
    },
  };
}

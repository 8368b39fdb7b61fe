import type { ConnectionPoolSettings } from '#config';
import { envoy } from '#common/proto/envoy';
import type { Any } from '../common/proto.js';
import { any } from '../common/proto.js';
import { duration, wrapped } from '../common/values.js';

type Http2 = envoy.config.core.v3.Http2ProtocolOptions.$Properties;
type Keepalive = NonNullable<NonNullable<ConnectionPoolSettings['http']>['http2KeepAlive']>;
type Upstream = envoy.extensions.upstreams.http.v3.HttpProtocolOptions.$Properties;

/** As many as HTTP/2 allows: a limit is the connection pool's business. */
const MAX_STREAMS = 1073741824;

export interface RequestName {
  readonly autoSni?: boolean;
  readonly autoSanValidation?: boolean;
}

interface HttpOptions {
  /** Whether TLS asks for, and whether it verifies, the name that a request has as its authority. */
  readonly requestName?: RequestName;
  /** Statuses that outlier detection counts as errors; 5xx where there are none. */
  readonly errorCodes?: readonly number[] | undefined;
}

/** How an upstream speaks HTTP; undefined where Envoy's own way, HTTP/1.1, is meant. */
export function protocolOptions(
  http2: boolean,
  settings: ConnectionPoolSettings | undefined,
  { requestName = {}, errorCodes = [] }: HttpOptions = {},
): Record<string, Any> | undefined {
  const common = commonOptions(settings);
  const stated = settings?.http?.useClientProtocol || requestName.autoSni || errorCodes.length > 0;
  if (!http2 && !common && !stated) return undefined;
  const options: Upstream = {
    ...common,
    ...(requestName.autoSni && { upstreamHttpProtocolOptions: { ...requestName } }),
    ...protocol(http2, settings?.http),
    ...(errorCodes.length > 0 && { outlierDetection: { errorMatcher: statusIn(errorCodes) } }),
  };
  const { HttpProtocolOptions } = envoy.extensions.upstreams.http.v3;
  return { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(HttpProtocolOptions, options) };
}

/** The settings, but that an upstream is spoken to as the client speaks. */
export function asClientSpeaks(settings: ConnectionPoolSettings | undefined): ConnectionPoolSettings {
  return { ...settings, http: { ...settings?.http, useClientProtocol: true } };
}

function protocol(http2: boolean, settings: ConnectionPoolSettings['http']): Upstream {
  const http2ProtocolOptions: Http2 = {
    maxConcurrentStreams: { value: settings?.maxConcurrentStreams || MAX_STREAMS },
    ...(settings?.http2KeepAlive && { connectionKeepalive: keepalive(settings.http2KeepAlive) }),
  };
  if (settings?.useClientProtocol) {
    return { useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions } };
  }
  return { explicitHttpConfig: http2 ? { http2ProtocolOptions } : { httpProtocolOptions: {} } };
}

function statusIn(codes: readonly number[]): envoy.config.common.matcher.v3.MatchPredicate.$Properties {
  const header = { name: ':status', stringMatch: { safeRegex: { regex: codes.join('|') } } };
  return { httpResponseHeadersMatch: { headers: [header] } };
}

function keepalive({ interval, timeout }: Keepalive): Http2['connectionKeepalive'] {
  return { interval: duration(interval), timeout: duration(timeout) };
}

function commonOptions(settings: ConnectionPoolSettings | undefined): Upstream | undefined {
  const { maxRequestsPerConnection } = settings?.http ?? {};
  const { maxConnectionDuration } = settings?.tcp ?? {};
  const idleTimeout = settings?.http?.idleTimeout ?? settings?.tcp?.idleTimeout;
  if (!idleTimeout && !maxRequestsPerConnection && !maxConnectionDuration) return undefined;
  return {
    commonHttpProtocolOptions: {
      ...(idleTimeout && { idleTimeout: duration(idleTimeout) }),
      ...(maxConnectionDuration && { maxConnectionDuration: duration(maxConnectionDuration) }),
      maxRequestsPerConnection: wrapped(maxRequestsPerConnection || undefined),
    },
  };
}

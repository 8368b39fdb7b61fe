import { envoy } from '#common/proto/envoy';
import type { ConnectionSettings } from '#config';
import { duration, wrapped } from '../common/values.js';

type Manager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.$Properties;

/**
 * What Envoy's guide asks of a proxy that anybody may connect to.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge
 */
const EDGE: ConnectionSettings = {
  listenerPerConnectionBufferLimitBytes: 32_768,
  clusterPerConnectionBufferLimitBytes: 32_768,
  httpIdleTimeout: '3600s',
  httpStreamIdleTimeout: '300s',
  httpRequestTimeout: '300s',
  httpRequestHeadersTimeout: '10s',
  httpMaxConcurrentStreams: 100,
  http2InitialStreamWindowSize: 65_536,
  http2InitialConnectionWindowSize: 1_048_576,
  httpHeadersWithUnderscoresAction: 'HEADERS_WITH_UNDERSCORES_REJECT_REQUEST',
  httpMergeSlashes: true,
  httpPathWithEscapedSlashesAction: 'UNESCAPE_AND_REDIRECT',
};

/** The settings of the profile, with what is stated before them. */
export function withProfile(settings: ConnectionSettings): ConnectionSettings {
  return settings.profile === 'EDGE' ? { ...EDGE, ...settings } : settings;
}

export function connectionOptions(stated: ConnectionSettings): Manager {
  const settings = withProfile(stated);
  return {
    ...commonOptions(settings),
    ...timeouts(settings),
    ...http2Options(settings),
    ...paths(settings),
  };
}

function commonOptions(settings: ConnectionSettings): Manager {
  const { httpIdleTimeout, httpMaxConnectionDuration, httpMaxStreamDuration } = settings;
  const action = settings.httpHeadersWithUnderscoresAction;
  const { HeadersWithUnderscoresAction } = envoy.config.core.v3.HttpProtocolOptions;
  const actions = {
    HEADERS_WITH_UNDERSCORES_UNSPECIFIED: HeadersWithUnderscoresAction.ALLOW,
    HEADERS_WITH_UNDERSCORES_ALLOW: HeadersWithUnderscoresAction.ALLOW,
    HEADERS_WITH_UNDERSCORES_REJECT_REQUEST: HeadersWithUnderscoresAction.REJECT_REQUEST,
    HEADERS_WITH_UNDERSCORES_DROP_HEADER: HeadersWithUnderscoresAction.DROP_HEADER,
  };
  return {
    commonHttpProtocolOptions: {
      ...(httpIdleTimeout && { idleTimeout: duration(httpIdleTimeout) }),
      ...(httpMaxConnectionDuration && { maxConnectionDuration: duration(httpMaxConnectionDuration) }),
      ...(httpMaxStreamDuration && { maxStreamDuration: duration(httpMaxStreamDuration) }),
      ...(action && { headersWithUnderscoresAction: actions[action] }),
    },
  };
}

function timeouts(settings: ConnectionSettings): Manager {
  const { httpDrainTimeout, httpRequestTimeout, httpRequestHeadersTimeout, httpStreamIdleTimeout } = settings;
  return {
    ...(httpDrainTimeout && { drainTimeout: duration(httpDrainTimeout) }),
    ...(httpRequestTimeout && { requestTimeout: duration(httpRequestTimeout) }),
    ...(httpRequestHeadersTimeout && { requestHeadersTimeout: duration(httpRequestHeadersTimeout) }),
    ...(httpStreamIdleTimeout && { streamIdleTimeout: duration(httpStreamIdleTimeout) }),
  };
}

function http2Options(settings: ConnectionSettings): Manager {
  const { httpMaxConcurrentStreams, http2InitialStreamWindowSize, http2InitialConnectionWindowSize } =
    settings;
  const options = {
    maxConcurrentStreams: wrapped(httpMaxConcurrentStreams),
    initialStreamWindowSize: wrapped(http2InitialStreamWindowSize),
    initialConnectionWindowSize: wrapped(http2InitialConnectionWindowSize),
  };
  return Object.values(options).some(Boolean) ? { http2ProtocolOptions: options } : {};
}

function paths({ httpMergeSlashes, httpPathWithEscapedSlashesAction: action }: ConnectionSettings): Manager {
  const { PathWithEscapedSlashesAction: actions } =
    envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
  const stated = action && action !== 'PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED' ? actions[action] : undefined;
  return {
    ...(httpMergeSlashes && { mergeSlashes: true }),
    ...(stated !== undefined && { pathWithEscapedSlashesAction: stated }),
  };
}

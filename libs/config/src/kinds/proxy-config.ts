import type { DurationText } from '../duration.js';
import type { ClientTLSSettings } from './destination-rule.js';
import type { TracingTag } from './telemetry.js';

export type ForwardClientCert =
  'UNDEFINED' | 'SANITIZE' | 'FORWARD_ONLY' | 'APPEND_FORWARD' | 'SANITIZE_SET' | 'ALWAYS_FORWARD_ONLY';

/** Tracing as proxies are configured with it, by address. */
export interface ProxyTracing {
  zipkin?: { address: string };
  datadog?: { address: string };
  customTags?: Record<string, TracingTag>;
  maxPathTagLength?: number;
  /** Percent of the requests that nobody else has decided about. */
  sampling?: number;
  tlsSettings?: ClientTLSSettings;
  enableIstioTags?: boolean;
}

export interface ProxyHeaders {
  forwardedClientCert?: ForwardClientCert;
  setCurrentClientCertDetails?: {
    subject?: boolean;
    cert?: boolean;
    chain?: boolean;
    dns?: boolean;
    uri?: boolean;
  };
  requestId?: { disabled?: boolean };
  server?: { disabled?: boolean; value?: string };
  attemptCount?: { disabled?: boolean };
  envoyDebugHeaders?: { disabled?: boolean };
  preserveHttp1HeaderCase?: boolean;
  xForwardedHost?: { enabled?: boolean };
  xForwardedPort?: { enabled?: boolean };
}

export interface ConnectionSettings {
  profile?: 'SIDECAR' | 'EDGE';
  listenerPerConnectionBufferLimitBytes?: number;
  clusterPerConnectionBufferLimitBytes?: number;
  httpIdleTimeout?: DurationText;
  httpMaxConnectionDuration?: DurationText;
  httpDrainTimeout?: DurationText;
  httpRequestTimeout?: DurationText;
  httpRequestHeadersTimeout?: DurationText;
  httpStreamIdleTimeout?: DurationText;
  httpMaxStreamDuration?: DurationText;
  httpMaxConcurrentStreams?: number;
  http2InitialStreamWindowSize?: number;
  http2InitialConnectionWindowSize?: number;
  httpHeadersWithUnderscoresAction?:
    | 'HEADERS_WITH_UNDERSCORES_UNSPECIFIED'
    | 'HEADERS_WITH_UNDERSCORES_ALLOW'
    | 'HEADERS_WITH_UNDERSCORES_REJECT_REQUEST'
    | 'HEADERS_WITH_UNDERSCORES_DROP_HEADER';
  globalDownstreamConnectionLimit?: number;
  httpMergeSlashes?: boolean;
  httpPathWithEscapedSlashesAction?:
    | 'PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED'
    | 'KEEP_UNCHANGED'
    | 'REJECT_REQUEST'
    | 'UNESCAPE_AND_REDIRECT'
    | 'UNESCAPE_AND_FORWARD';
}

/** An address, `host:port`, and how to reach it. */
export interface RemoteService {
  address?: string;
  tlsSettings?: ClientTLSSettings;
  tcpKeepalive?: { probes?: number; time?: DurationText; interval?: DurationText };
}

/**
 * How a proxy is set up, from `defaultConfig` of MeshConfig and from the proxy's own PROXY_CONFIG. Pilot reads what
 * concerns traffic, the agent what concerns the bootstrap.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig
 */
export interface MeshProxyConfig {
  tracing?: ProxyTracing;
  tracingServiceName?: 'APP_LABEL_AND_NAMESPACE' | 'CANONICAL_NAME_ONLY' | 'CANONICAL_NAME_AND_NAMESPACE';
  zipkinAddress?: string;
  envoyAccessLogService?: RemoteService;
  gatewayTopology?: {
    numTrustedProxies?: number;
    forwardClientCertDetails?: ForwardClientCert;
    proxyProtocol?: Record<string, never>;
  };
  proxyHeaders?: ProxyHeaders;
  connectionSettings?: ConnectionSettings;
  meshId?: string;
  interceptionMode?: 'REDIRECT' | 'TPROXY' | 'NONE';
  concurrency?: number;
  drainDuration?: DurationText;
  terminationDrainDuration?: DurationText;
  proxyAdminPort?: number;
  statusPort?: number;
  runtimeValues?: Record<string, string>;
  proxyStatsMatcher?: {
    inclusionPrefixes?: string[];
    inclusionSuffixes?: string[];
    inclusionRegexps?: string[];
  };
  fileFlushInterval?: DurationText;
  fileFlushMinSizeKb?: number;
  /** Where statistics are sent to, `IP:port`, and `host:port` over gRPC. */
  statsdUdpAddress?: string;
  envoyMetricsServiceAddress?: string;
  envoyMetricsService?: { address?: string };
  /** What begins with ISTIO_META_ joins the node's metadata without it. */
  proxyMetadata?: Record<string, string>;
}

/** The kind: networking.istio.io/v1beta1. */
export interface ProxyConfig {
  selector?: { matchLabels?: Record<string, string> };
  concurrency?: number;
  environmentVariables?: Record<string, string>;
  image?: { imageType?: string };
}

import {
  bool,
  duration,
  int32,
  labels,
  list,
  message,
  noEffect,
  number,
  oneOf,
  refusedFor,
  text,
  uint32,
} from './builder.js';
import type { Schema } from './builder.js';
import { clientTls, tcpKeepalive } from './destination-rule.js';
import { tracingTags } from './tracing.js';

const OF_THE_HOST = 'it is a matter of how a proxy is installed, which its agent is told by flags';
const OF_THE_INJECTOR = 'it is a matter of injection, and nothing is injected here';
const NO_OPEN_CENSUS = 'upstream Envoy has no OpenCensus tracer any more; use an opentelemetry provider';

const remoteService = message({ address: text, tlsSettings: clientTls, tcpKeepalive });

const metricsService = message({
  address: text,
  tlsSettings: refusedFor('agents send statistics in plain text alone'),
  tcpKeepalive: noEffect('what is sent every few seconds keeps a connection alive'),
});

const forwardClientCert = oneOf(
  'UNDEFINED',
  'SANITIZE',
  'FORWARD_ONLY',
  'APPEND_FORWARD',
  'SANITIZE_SET',
  'ALWAYS_FORWARD_ONLY',
);

const tracing = message({
  zipkin: message({ address: text }),
  lightstep: noEffect('upstream Envoy has no Lightstep tracer any more; use an opentelemetry provider'),
  datadog: message({ address: text }),
  stackdriver: noEffect(NO_OPEN_CENSUS),
  openCensusAgent: noEffect(NO_OPEN_CENSUS),
  customTags: tracingTags,
  maxPathTagLength: uint32,
  sampling: number,
  tlsSettings: clientTls,
  enableIstioTags: bool,
});

const proxyHeaders = message({
  forwardedClientCert: forwardClientCert,
  setCurrentClientCertDetails: message({ subject: bool, cert: bool, chain: bool, dns: bool, uri: bool }),
  requestId: message({ disabled: bool }),
  server: message({ disabled: bool, value: text }),
  attemptCount: message({ disabled: bool }),
  envoyDebugHeaders: message({ disabled: bool }),
  metadataExchangeHeaders: noEffect('upstream Envoy exchanges no metadata in headers'),
  preserveHttp1HeaderCase: bool,
  xForwardedHost: message({ enabled: bool }),
  xForwardedPort: message({ enabled: bool }),
});

const connectionSettings = message({
  profile: oneOf('SIDECAR', 'EDGE'),
  listenerPerConnectionBufferLimitBytes: int32,
  clusterPerConnectionBufferLimitBytes: int32,
  httpIdleTimeout: duration,
  httpMaxConnectionDuration: duration,
  httpDrainTimeout: duration,
  httpRequestTimeout: duration,
  httpRequestHeadersTimeout: duration,
  httpStreamIdleTimeout: duration,
  httpMaxStreamDuration: duration,
  httpMaxConcurrentStreams: int32,
  http2InitialStreamWindowSize: int32,
  http2InitialConnectionWindowSize: int32,
  httpHeadersWithUnderscoresAction: oneOf(
    'HEADERS_WITH_UNDERSCORES_UNSPECIFIED',
    'HEADERS_WITH_UNDERSCORES_ALLOW',
    'HEADERS_WITH_UNDERSCORES_REJECT_REQUEST',
    'HEADERS_WITH_UNDERSCORES_DROP_HEADER',
  ),
  httpMergeSlashes: bool,
  httpPathWithEscapedSlashesAction: oneOf(
    'PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED',
    'KEEP_UNCHANGED',
    'REJECT_REQUEST',
    'UNESCAPE_AND_REDIRECT',
    'UNESCAPE_AND_FORWARD',
  ),
  listenerConnectionLimit: noEffect(
    'Envoy has it for each listener by name: runtimeValues can say envoy.resource_limits.listener.NAME.connection_limit',
  ),
  globalDownstreamConnectionLimit: int32,
});

/**
 * ProxyConfig of the mesh: `defaultConfig`, the annotation `proxy.istio.io/config`, the node metadata PROXY_CONFIG.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig
 */
export const meshProxyConfig: Schema = message({
  configPath: noEffect(OF_THE_HOST),
  binaryPath: noEffect(OF_THE_HOST),
  serviceCluster: noEffect(OF_THE_HOST),
  tracingServiceName: oneOf('APP_LABEL_AND_NAMESPACE', 'CANONICAL_NAME_ONLY', 'CANONICAL_NAME_AND_NAMESPACE'),
  drainDuration: duration,
  parentShutdownDuration: noEffect('an Envoy is not restarted hot here'),
  discoveryAddress: noEffect(OF_THE_HOST),
  discoveryRefreshDelay: noEffect('discovery is a stream, nothing is polled'),
  zipkinAddress: text,
  connectTimeout: noEffect('clusters have the connectTimeout of the mesh'),
  statsdUdpAddress: text,
  envoyMetricsServiceAddress: text,
  proxyAdminPort: int32,
  availabilityZone: noEffect('a locality is stated by the label istio-locality'),
  controlPlaneAuthPolicy: noEffect('a proxy proves itself to Pilot by mTLS wherever it has a certificate'),
  customConfigFile: noEffect(OF_THE_HOST),
  statNameLength: noEffect('names of statistics have no limit in Envoy any more'),
  concurrency: int32,
  proxyBootstrapTemplatePath: noEffect(OF_THE_HOST),
  interceptionMode: oneOf('REDIRECT', 'TPROXY', 'NONE'),
  tracing,
  sds: noEffect('secrets always come by SDS'),
  envoyAccessLogService: remoteService,
  envoyMetricsService: metricsService,
  proxyMetadata: labels,
  runtimeValues: labels,
  statusPort: int32,
  extraStatTags: noEffect('its tags come of filters that upstream Envoy does not have'),
  gatewayTopology: message({
    numTrustedProxies: uint32,
    forwardClientCertDetails: forwardClientCert,
    proxyProtocol: message({}),
  }),
  terminationDrainDuration: duration,
  meshId: text,
  readinessProbe: noEffect(OF_THE_INJECTOR),
  proxyStatsMatcher: message({
    inclusionPrefixes: list(text),
    inclusionSuffixes: list(text),
    inclusionRegexps: list(text),
  }),
  holdApplicationUntilProxyStarts: noEffect('an agent always starts the application when the proxy is ready'),
  caCertificatesPem: noEffect('the roots of the mesh are what Citadel says'),
  image: noEffect(OF_THE_INJECTOR),
  privateKeyProvider: noEffect(
    'upstream Envoy needs CPUs with CryptoMB or QAT for it; keys are handled in software',
  ),
  proxyHeaders,
  fileFlushInterval: duration,
  fileFlushMinSizeKb: uint32,
  statsCompression: noEffect('statistics are asked for on the same host'),
  connectionSettings,
});

/** @see https://istio.io/latest/docs/reference/config/networking/proxy-config/ */
export const proxyConfig: Schema = message({
  selector: message({ matchLabels: labels }),
  concurrency: int32,
  environmentVariables: labels,
  image: message({ imageType: text }),
});

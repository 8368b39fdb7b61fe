import type { MeshProxyConfig, ProxyConfig, ProxyTracing, RemoteService } from '../kinds/proxy-config.js';
import type { Scope } from '../problem.js';
import { checkServerAddress } from './address-text.js';
import { checkDuration, checkLabels, checkRange, checkRegex } from './text.js';
import { checkClientTls } from './client-tls.js';
import { checkKeepalive } from './traffic-policy.js';
import { checkTags } from './tracing-tags.js';

/** @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig */
export function checkMeshProxyConfig(spec: MeshProxyConfig | undefined, scope: Scope): void {
  if (!spec) return;
  checkTracing(spec.tracing, scope.at('tracing'));
  if (spec.zipkinAddress) scope.at('zipkinAddress').warn('deprecated', 'use tracing.zipkin.address');
  checkServerAddress(spec.zipkinAddress, scope.at('zipkinAddress'));
  checkRemoteService(spec.envoyAccessLogService, scope.at('envoyAccessLogService'));
  for (const field of ['proxyAdminPort', 'statusPort'] as const)
    checkRange(spec[field], 0, 65535, scope.at(field));
  checkRange(spec.concurrency, 0, 1024, scope.at('concurrency'));
  for (const field of ['drainDuration', 'terminationDrainDuration', 'fileFlushInterval'] as const)
    checkDuration(spec[field], scope.at(field), { zero: true });
  checkRange(
    spec.gatewayTopology?.numTrustedProxies,
    0,
    1000,
    scope.at('gatewayTopology', 'numTrustedProxies'),
  );
  spec.proxyStatsMatcher?.inclusionRegexps?.forEach((pattern, index) => {
    checkRegex(pattern, scope.at('proxyStatsMatcher', 'inclusionRegexps', index));
  });
  checkConnectionSettings(spec.connectionSettings ?? {}, scope.at('connectionSettings'));
}

function checkTracing(tracing: ProxyTracing | undefined, scope: Scope): void {
  if (!tracing) return;
  checkRange(tracing.sampling, 0, 100, scope.at('sampling'));
  for (const tracer of ['zipkin', 'datadog'] as const) {
    if (tracing[tracer] && !tracing[tracer].address)
      scope.at(tracer, 'address').error('needs an address, host:port');
    checkServerAddress(tracing[tracer]?.address, scope.at(tracer, 'address'));
  }
  if (tracing.zipkin && tracing.datadog) scope.error('takes only one tracer');
  checkTags(tracing.customTags, scope.at('customTags'));
  checkClientTls(tracing.tlsSettings, scope.at('tlsSettings'));
}

function checkRemoteService(service: RemoteService | undefined, scope: Scope): void {
  checkServerAddress(service?.address, scope.at('address'));
  checkClientTls(service?.tlsSettings, scope.at('tlsSettings'));
  checkKeepalive(service?.tcpKeepalive, scope.at('tcpKeepalive'));
}

/** Envoy's bounds: a window is at least 65,535 bytes, a number of streams at least 1. */
function checkConnectionSettings(
  settings: NonNullable<MeshProxyConfig['connectionSettings']>,
  scope: Scope,
): void {
  const durations = [
    'httpIdleTimeout',
    'httpMaxConnectionDuration',
    'httpDrainTimeout',
    'httpRequestTimeout',
    'httpRequestHeadersTimeout',
    'httpStreamIdleTimeout',
    'httpMaxStreamDuration',
  ] as const;
  for (const field of durations) checkDuration(settings[field], scope.at(field), { zero: true });
  const max = 2147483647;
  checkRange(settings.httpMaxConcurrentStreams, 1, max, scope.at('httpMaxConcurrentStreams'));
  checkRange(settings.http2InitialStreamWindowSize, 65535, max, scope.at('http2InitialStreamWindowSize'));
  checkRange(
    settings.http2InitialConnectionWindowSize,
    65535,
    max,
    scope.at('http2InitialConnectionWindowSize'),
  );
  checkRange(settings.globalDownstreamConnectionLimit, 1, max, scope.at('globalDownstreamConnectionLimit'));
  for (const side of ['listener', 'cluster'] as const) {
    const field = `${side}PerConnectionBufferLimitBytes` as const;
    checkRange(settings[field], 0, max, scope.at(field));
  }
}

/** What a proxy has to know before it can ask Pilot for anything. */
const START_SETTINGS = [
  ...(['concurrency', 'drainDuration', 'terminationDrainDuration', 'proxyAdminPort', 'statusPort'] as const),
  ...(['runtimeValues', 'proxyStatsMatcher', 'fileFlushInterval', 'fileFlushMinSizeKb'] as const),
  ...(['interceptionMode', 'environmentVariables', 'proxyMetadata'] as const),
  ...(['statsdUdpAddress', 'envoyMetricsService', 'envoyMetricsServiceAddress'] as const),
];

const OF_THE_START =
  'has no effect here: a proxy starts with what its agent is told, by flags or PROXY_CONFIG';

/** Settings that only the agent beside a proxy can follow, where they are said to somebody else. */
export function checkStartSettings(
  spec: MeshProxyConfig & Omit<ProxyConfig, 'selector'>,
  scope: Scope,
): void {
  for (const field of START_SETTINGS) {
    const reason = `${field} ${OF_THE_START}`;
    if (spec[field] !== undefined) scope.at(field).warn('noEffect', reason);
  }
  if (spec.connectionSettings?.globalDownstreamConnectionLimit !== undefined)
    scope.at('connectionSettings', 'globalDownstreamConnectionLimit').warn('noEffect', `it ${OF_THE_START}`);
}

/** @see https://istio.io/latest/docs/reference/config/networking/proxy-config/ */
export function checkProxyConfig(spec: ProxyConfig, scope: Scope): void {
  checkLabels(spec.selector?.matchLabels, scope.at('selector', 'matchLabels'));
  checkRange(spec.concurrency, 0, 1024, scope.at('concurrency'));
  checkStartSettings(spec, scope);
  if (spec.image) {
    const reason = 'image has no effect: it is a matter of injection, and nothing is injected here';
    scope.at('image').warn('unsupportedField', reason);
  }
}

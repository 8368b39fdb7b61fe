import { envoy } from '#common/proto/envoy';
import type { ProviderHeader } from '#config';
import { any } from '../common/proto.js';
import { duration } from '../common/values.js';
import type { DynatracePick, TracerPick } from './tracers.js';

type Provider = envoy.config.trace.v3.Tracing.Http.$Properties;
type HttpService = envoy.config.core.v3.HttpService.$Properties;
type Extension = envoy.config.core.v3.TypedExtensionConfig.$Properties;

export function providerOf(tracer: TracerPick): Provider {
  switch (tracer.sort) {
    case 'zipkin':
      return { name: 'envoy.tracers.zipkin', typedConfig: zipkin(tracer) };
    case 'datadog':
      return { name: 'envoy.tracers.datadog', typedConfig: datadog(tracer) };
    case 'skywalking':
      return { name: 'envoy.tracers.skywalking', typedConfig: skywalking(tracer) };
    case 'opentelemetry':
      return { name: 'envoy.tracers.opentelemetry', typedConfig: opentelemetry(tracer) };
  }
}

function zipkin({ cluster, authority, path, longIds, w3c, http }: TracerPick & { sort: 'zipkin' }) {
  const { ZipkinConfig } = envoy.config.trace.v3;
  return any(ZipkinConfig, {
    ...(http
      ? { collectorService: httpService(cluster, http) }
      : { collectorCluster: cluster, collectorEndpoint: path, collectorHostname: authority }),
    collectorEndpointVersion: ZipkinConfig.CollectorEndpointVersion.HTTP_JSON,
    ...(longIds && { traceId_128bit: true }),
    sharedSpanContext: { value: false },
    ...(w3c && { traceContextOption: 1 }),
  });
}

function datadog({ cluster, authority, service }: TracerPick & { sort: 'datadog' }) {
  const { DatadogConfig } = envoy.config.trace.v3;
  return any(DatadogConfig, {
    collectorCluster: cluster,
    collectorHostname: authority,
    serviceName: service,
  });
}

function skywalking({ cluster, authority, service, instance, token }: TracerPick & { sort: 'skywalking' }) {
  return any(envoy.config.trace.v3.SkyWalkingConfig, {
    grpcService: { envoyGrpc: { clusterName: cluster, authority } },
    clientConfig: { serviceName: service, instanceName: instance, ...(token && { backendToken: token }) },
  });
}

function opentelemetry(tracer: TracerPick & { sort: 'opentelemetry' }) {
  const { cluster, authority, service, http, grpc, dynatrace } = tracer;
  const grpcService = {
    envoyGrpc: { clusterName: cluster, authority },
    ...(grpc.timeout && { timeout: duration(grpc.timeout) }),
    initialMetadata: grpc.metadata.map(({ name, ...value }) => ({ key: name, value: headerValue(value) })),
  };
  return any(envoy.config.trace.v3.OpenTelemetryConfig, {
    ...(http ? { httpService: httpService(cluster, http) } : { grpcService }),
    serviceName: service,
    resourceDetectors: detectors(tracer),
    ...(dynatrace && { sampler: sampler(dynatrace) }),
  });
}

function detectors({ detectors: names, attributes }: TracerPick & { sort: 'opentelemetry' }): Extension[] {
  const known = envoy.extensions.tracers.opentelemetry.resource_detectors.v3;
  const configs = {
    environment: any(known.EnvironmentResourceDetectorConfig, {}),
    dynatrace: any(known.DynatraceResourceDetectorConfig, {}),
  };
  const prefix = 'envoy.tracers.opentelemetry.resource_detectors.';
  const asked = names.map((name) => ({ name: `${prefix}${name}`, typedConfig: configs[name] }));
  if (!attributes) return asked;
  const typedConfig = any(known.StaticConfigResourceDetectorConfig, { attributes: { ...attributes } });
  return [...asked, { name: `${prefix}static_config`, typedConfig }];
}

function sampler({ tenant, clusterId, rootSpansPerMinute, http }: DynatracePick): Extension {
  const { DynatraceSamplerConfig } = envoy.extensions.tracers.opentelemetry.samplers.v3;
  const typedConfig = any(DynatraceSamplerConfig, {
    tenant,
    clusterId,
    rootSpansPerMinute,
    ...(http && { httpService: httpService(http.cluster, http) }),
  });
  return { name: 'envoy.tracers.opentelemetry.samplers.dynatrace', typedConfig };
}

interface Http {
  readonly uri: string;
  readonly timeout: string;
  readonly headers: readonly ProviderHeader[];
}

function httpService(cluster: string, { uri, timeout, headers }: Http): HttpService {
  return {
    httpUri: { uri, cluster, timeout: duration(timeout) },
    requestHeadersToAdd: headers.map(({ name, ...value }) => ({
      header: { key: name, value: headerValue(value) },
    })),
  };
}

/** A variable is one of the proxy's own; whatever else stands in a value is no command of Envoy's. */
function headerValue({ value, envName }: Omit<ProviderHeader, 'name'>): string {
  return envName ? `%ENVIRONMENT(${envName})%` : (value ?? '').replaceAll('%', '%%');
}

import type { ExtensionProvider, OpenTelemetryProvider, ProviderHeader, ZipkinProvider } from '#config';
import type { ProviderTarget } from '../common/providers.js';

interface HttpPick {
  /** `http://host:port/path` */
  readonly uri: string;
  readonly timeout: string;
  readonly headers: readonly ProviderHeader[];
}

/** Where spans go, and how. */
export type TracerPick = ProviderTarget &
  (
    | {
        readonly sort: 'zipkin';
        readonly path: string;
        readonly longIds: boolean;
        readonly w3c: boolean;
        readonly http?: HttpPick;
      }
    | { readonly sort: 'datadog'; readonly service: string }
    | {
        readonly sort: 'skywalking';
        readonly service: string;
        readonly instance: string;
        readonly token?: string;
      }
    | {
        readonly sort: 'opentelemetry';
        readonly service: string;
        readonly http?: HttpPick;
        readonly grpc: { readonly timeout?: string; readonly metadata: readonly ProviderHeader[] };
        readonly detectors: readonly ('environment' | 'dynatrace')[];
        /** Of the resource, besides `service.name`. */
        readonly attributes?: Readonly<Record<string, string>>;
        readonly dynatrace?: DynatracePick;
      }
  );

export interface DynatracePick {
  readonly tenant: string;
  readonly clusterId: number;
  readonly rootSpansPerMinute: number;
  readonly http?: HttpPick & { readonly cluster: string };
}

/** Of whom the spans are. */
export interface SpanSource {
  readonly service: string;
  readonly namespace: string;
  readonly revision: string;
  readonly instance: string;
}

const ZIPKIN_PATH = '/api/v2/spans';
/** OpenTelemetry's own defaults. */
const OTLP_PATH = '/v1/traces';
const OTLP_TIMEOUT = '10s';

/** The tracer of a provider; undefined for one that takes no spans. */
export function tracerOf(
  provider: ExtensionProvider,
  target: ProviderTarget,
  source: SpanSource,
  locate: (service: { service: string; port: number }) => ProviderTarget | undefined,
): TracerPick | undefined {
  const { zipkin, datadog, skywalking, opentelemetry, lightstep } = provider;
  const { service, instance } = source;
  if (zipkin) return zipkinTracer(target, zipkin);
  if (datadog) return { sort: 'datadog', ...target, service };
  if (skywalking) {
    const token = skywalking.accessToken;
    return { sort: 'skywalking', ...target, service, instance, ...(token && { token }) };
  }
  if (opentelemetry) return otelTracer(target, opentelemetry, source, locate);
  // Lightstep takes OTLP, with the token beside.
  const metadata = lightstep?.accessToken
    ? [{ name: 'lightstep-access-token', value: lightstep.accessToken }]
    : [];
  return lightstep && { sort: 'opentelemetry', ...target, service, grpc: { metadata }, detectors: [] };
}

export function zipkinTracer(target: ProviderTarget, zipkin: Partial<ZipkinProvider>): TracerPick {
  const { path = ZIPKIN_PATH, timeout, headers } = zipkin;
  const http = { uri: `http://${target.authority}${path}`, timeout: timeout ?? '5s', headers: headers ?? [] };
  return {
    sort: 'zipkin',
    ...target,
    path,
    longIds: !zipkin.enable64bitTraceId,
    w3c: zipkin.traceContextOption === 'USE_B3_WITH_W3C_PROPAGATION',
    ...((timeout || headers?.length) && { http }),
  };
}

function otelTracer(
  target: ProviderTarget,
  provider: OpenTelemetryProvider,
  source: SpanSource,
  locate: (service: { service: string; port: number }) => ProviderTarget | undefined,
): TracerPick {
  const { http, grpc, resourceDetectors = {}, serviceAttributeEnrichment, dynatraceSampler } = provider;
  const attributes = { 'service.namespace': source.namespace, 'service.version': source.revision };
  const dynatrace = dynatraceSampler && dynatracePick(dynatraceSampler, locate);
  return {
    sort: 'opentelemetry',
    ...target,
    service: source.service,
    ...(http && { http: httpPick(target, http, OTLP_PATH) }),
    grpc: { metadata: grpc?.initialMetadata ?? [], ...(grpc?.timeout && { timeout: grpc.timeout }) },
    detectors: (['environment', 'dynatrace'] as const).filter((name) => resourceDetectors[name]),
    ...(serviceAttributeEnrichment === 'OTEL_SEMANTIC_CONVENTIONS' && { attributes }),
    ...(dynatrace && { dynatrace }),
  };
}

function dynatracePick(
  {
    tenant,
    clusterId,
    rootSpansPerMinute,
    httpService,
  }: NonNullable<OpenTelemetryProvider['dynatraceSampler']>,
  locate: (service: { service: string; port: number }) => ProviderTarget | undefined,
): DynatracePick {
  const target = httpService && locate(httpService);
  const http = target && { ...httpPick(target, httpService?.http ?? {}, '/'), cluster: target.cluster };
  return { tenant, clusterId, rootSpansPerMinute: rootSpansPerMinute ?? 0, ...(http && { http }) };
}

function httpPick(
  { authority }: ProviderTarget,
  { path, timeout, headers }: NonNullable<OpenTelemetryProvider['http']>,
  defaultPath: string,
): HttpPick {
  return {
    uri: `http://${authority}${path ?? defaultPath}`,
    timeout: timeout ?? OTLP_TIMEOUT,
    headers: headers ?? [],
  };
}

import type { DurationText } from '../duration.js';

/** A service of the mesh, `[namespace/]host`, and its port. */
export interface ProviderService {
  service: string;
  port: number;
}

/** The value stands here, or in an environment variable of the proxy. */
export interface ProviderHeader {
  name: string;
  value?: string;
  envName?: string;
}

export interface ProviderHttp {
  path?: string;
  timeout?: DurationText;
  headers?: ProviderHeader[];
}

export interface ZipkinProvider extends ProviderService {
  maxTagLength?: number;
  enable64bitTraceId?: boolean;
  path?: string;
  traceContextOption?: 'USE_B3' | 'USE_B3_WITH_W3C_PROPAGATION';
  timeout?: DurationText;
  headers?: ProviderHeader[];
}

export interface OpenTelemetryProvider extends ProviderService {
  maxTagLength?: number;
  http?: ProviderHttp;
  grpc?: { timeout?: DurationText; initialMetadata?: ProviderHeader[] };
  resourceDetectors?: { environment?: Record<string, never>; dynatrace?: Record<string, never> };
  serviceAttributeEnrichment?: 'ISTIO_CANONICAL' | 'OTEL_SEMANTIC_CONVENTIONS';
  dynatraceSampler?: {
    tenant: string;
    clusterId: number;
    rootSpansPerMinute?: number;
    httpService?: ProviderService & { http?: ProviderHttp };
  };
}

/** Labels of a log: texts, in objects of any depth. */
export type LogLabels = { [label: string]: string | LogLabels };

export interface LogFormat {
  text?: string;
  labels?: LogLabels;
}

export interface FileLogProvider {
  path: string;
  logFormat?: LogFormat;
  omitEmptyValues?: boolean;
}

export interface HttpLogProvider extends ProviderService {
  logName?: string;
  filterStateObjectsToLog?: string[];
  additionalRequestHeadersToLog?: string[];
  additionalResponseHeadersToLog?: string[];
  additionalResponseTrailersToLog?: string[];
}

export interface TcpLogProvider extends ProviderService {
  logName?: string;
  filterStateObjectsToLog?: string[];
}

export interface OtelLogProvider extends ProviderService {
  logName?: string;
  logFormat?: LogFormat;
}

/**
 * Something outside that proxies send to: a name and exactly one of the others.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider
 */
export interface ExtensionProvider {
  name: string;
  zipkin?: ZipkinProvider;
  lightstep?: ProviderService & { accessToken?: string; maxTagLength?: number };
  datadog?: ProviderService & { maxTagLength?: number };
  skywalking?: ProviderService & { accessToken?: string };
  opentelemetry?: OpenTelemetryProvider;
  prometheus?: Record<string, never>;
  envoyFileAccessLog?: FileLogProvider;
  envoyHttpAls?: HttpLogProvider;
  envoyTcpAls?: TcpLogProvider;
  envoyOtelAls?: OtelLogProvider;
}

import { bool, duration, int32, list, mapOf, message, noEffect, oneOf, text, uint32 } from './builder.js';
import type { Schema } from './builder.js';

const NO_OPEN_CENSUS =
  'upstream Envoy has no OpenCensus any more; use an opentelemetry or envoyOtelAls provider';
const NO_CUSTOM_ACTION =
  'only an AuthorizationPolicy with action CUSTOM could name it, and there is none here';

const service = { service: text, port: uint32 };
const httpHeaders = list(message({ name: text, value: text, envName: text }));
const http = message({ path: text, timeout: duration, headers: httpHeaders });

const zipkin = message({
  ...service,
  maxTagLength: uint32,
  enable64bitTraceId: bool,
  path: text,
  traceContextOption: oneOf('USE_B3', 'USE_B3_WITH_W3C_PROPAGATION'),
  timeout: duration,
  headers: httpHeaders,
});

const opentelemetry = message({
  ...service,
  maxTagLength: uint32,
  http,
  grpc: message({ timeout: duration, initialMetadata: httpHeaders }),
  resourceDetectors: message({ environment: message({}), dynatrace: message({}) }),
  serviceAttributeEnrichment: oneOf('ISTIO_CANONICAL', 'OTEL_SEMANTIC_CONVENTIONS'),
  dynatraceSampler: message({
    tenant: text,
    clusterId: int32,
    rootSpansPerMinute: uint32,
    httpService: message({ ...service, http }),
  }),
});

/** A format's labels: a JSON object of texts and of further objects. */
const logLabels: Schema = mapOf({});

/** @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider */
export const extensionProvider: Schema = message({
  name: text,
  envoyExtAuthzHttp: noEffect(NO_CUSTOM_ACTION),
  envoyExtAuthzGrpc: noEffect(NO_CUSTOM_ACTION),
  zipkin,
  lightstep: message({ ...service, accessToken: text, maxTagLength: uint32 }),
  datadog: message({ ...service, maxTagLength: uint32 }),
  stackdriver: noEffect(NO_OPEN_CENSUS),
  opencensus: noEffect(NO_OPEN_CENSUS),
  skywalking: message({ ...service, accessToken: text }),
  opentelemetry,
  prometheus: message({}),
  envoyFileAccessLog: message({
    path: text,
    logFormat: message({ text, labels: logLabels }),
    omitEmptyValues: bool,
  }),
  envoyHttpAls: message({
    ...service,
    logName: text,
    filterStateObjectsToLog: list(text),
    additionalRequestHeadersToLog: list(text),
    additionalResponseHeadersToLog: list(text),
    additionalResponseTrailersToLog: list(text),
  }),
  envoyTcpAls: message({ ...service, logName: text, filterStateObjectsToLog: list(text) }),
  envoyOtelAls: message({ ...service, logName: text, logFormat: message({ text, labels: logLabels }) }),
  sds: noEffect("secrets come from the agent, and a gateway's from Pilot"),
});

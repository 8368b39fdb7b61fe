import { bool, duration, labels, list, mapOf, message, number, oneOf, text } from './builder.js';
import type { Schema } from './builder.js';
import { telemetryTags } from './tracing.js';

const providers = list(message({ name: text }));
const mode = oneOf('CLIENT_AND_SERVER', 'CLIENT', 'SERVER');
const match = message({ mode });

const tracing = message({
  match,
  providers,
  randomSamplingPercentage: number,
  disableSpanReporting: bool,
  disableContextPropagation: bool,
  customTags: telemetryTags,
  useRequestIdForTraceSampling: bool,
  enableIstioTags: bool,
});

const METRICS = [
  ...['ALL_METRICS', 'REQUEST_COUNT', 'REQUEST_DURATION', 'REQUEST_SIZE', 'RESPONSE_SIZE'],
  ...['TCP_OPENED_CONNECTIONS', 'TCP_CLOSED_CONNECTIONS', 'TCP_SENT_BYTES', 'TCP_RECEIVED_BYTES'],
  ...['GRPC_REQUEST_MESSAGES', 'GRPC_RESPONSE_MESSAGES'],
];

const metrics = message({
  providers,
  overrides: list(
    message({
      match: message({ metric: oneOf(...METRICS), customMetric: text, mode }),
      disabled: bool,
      tagOverrides: mapOf(message({ operation: oneOf('UPSERT', 'REMOVE'), value: text })),
    }),
  ),
  reportingInterval: duration,
});

const accessLogging = message({
  match,
  providers,
  disabled: bool,
  filter: message({ expression: text }),
});

const targetRef = message({ group: text, kind: text, name: text, namespace: text });

/** @see https://istio.io/latest/docs/reference/config/telemetry/ */
export const telemetry: Schema = message({
  selector: message({ matchLabels: labels }),
  targetRef,
  targetRefs: list(targetRef),
  tracing: list(tracing),
  metrics: list(metrics),
  accessLogging: list(accessLogging),
});

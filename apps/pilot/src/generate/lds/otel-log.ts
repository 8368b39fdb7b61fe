import { envoy } from '#common/proto/envoy';
import type { LogLabels } from '#config';
import { any } from '../common/proto.js';
import { textFormat } from './log-format.js';
import type { LogSink } from './log-sinks.js';

type AccessLog = envoy.config.accesslog.v3.AccessLog.$Properties;
type Config = envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig.$Properties;
type KeyValueList = NonNullable<Config['attributes']>;

/** Log records of OpenTelemetry, over gRPC: the text is the body, the labels are attributes. */
export function otelLog({ cluster, authority, logName, format }: LogSink & { sort: 'otel' }): AccessLog {
  const { OpenTelemetryAccessLogConfig } = envoy.extensions.access_loggers.open_telemetry.v3;
  const typedConfig = any(OpenTelemetryAccessLogConfig, {
    commonConfig: {
      logName,
      grpcService: { envoyGrpc: { clusterName: cluster, authority } },
      transportApiVersion: envoy.config.core.v3.ApiVersion.V3,
    },
    body: { stringValue: textFormat(format).trimEnd() },
    ...(format.labels && { attributes: keyValues(format.labels) }),
  });
  return { name: 'envoy.access_loggers.open_telemetry', typedConfig };
}

function keyValues(labels: LogLabels): KeyValueList {
  return {
    values: Object.entries(labels).map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? { stringValue: value } : { kvlistValue: keyValues(value) },
    })),
  };
}

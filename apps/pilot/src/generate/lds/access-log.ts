import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';
import type { Any } from '../common/proto.js';
import { substitutionFormat } from './log-format.js';
import type { LogSink } from './log-sinks.js';
import type { MixerReport } from './mixer-report.js';
import { mixerAccessLog } from './mixer-report.js';
import { otelLog } from './otel-log.js';

type AccessLog = envoy.config.accesslog.v3.AccessLog.$Properties;
type CommonConfig = envoy.extensions.access_loggers.grpc.v3.CommonGrpcAccessLogConfig.$Properties;

export interface LogPick {
  readonly sink: LogSink;
  /** A CEL expression; absent: all is logged. */
  readonly filter?: string;
}

/** Where requests are logged: in any number of places, and to Mixer. */
export interface AccessLogPick {
  readonly logs: readonly LogPick[];
  readonly report?: MixerReport;
}

export function accessLogs({ logs, report }: AccessLogPick): AccessLog[] {
  return [...logs.map(accessLog), ...(report ? [mixerAccessLog(report)] : [])];
}

export function accessLog({ sink, filter }: LogPick): AccessLog {
  return { ...logger(sink), ...(filter && { filter: expressionFilter(filter) }) };
}

function logger(sink: LogSink): AccessLog {
  switch (sink.sort) {
    case 'file':
      return fileLog(sink);
    case 'http-grpc':
      return { name: 'envoy.access_loggers.http_grpc', typedConfig: httpGrpcLog(sink) };
    case 'tcp-grpc':
      return { name: 'envoy.access_loggers.tcp_grpc', typedConfig: tcpGrpcLog(sink) };
    case 'otel':
      return otelLog(sink);
  }
}

/** Standard output is a stream of its own: as a file it cannot be opened where it is a pipe. */
function fileLog({ path, format, omitEmpty }: LogSink & { sort: 'file' }): AccessLog {
  const logFormat = { ...substitutionFormat(format), ...(omitEmpty && { omitEmptyValues: true }) };
  const { file, stream } = envoy.extensions.access_loggers;
  switch (path) {
    case '/dev/stdout':
      return {
        name: 'envoy.access_loggers.stdout',
        typedConfig: any(stream.v3.StdoutAccessLog, { logFormat }),
      };
    case '/dev/stderr':
      return {
        name: 'envoy.access_loggers.stderr',
        typedConfig: any(stream.v3.StderrAccessLog, { logFormat }),
      };
    default:
      return {
        name: 'envoy.access_loggers.file',
        typedConfig: any(file.v3.FileAccessLog, { path, logFormat }),
      };
  }
}

function httpGrpcLog(sink: LogSink & { sort: 'http-grpc' }): Any {
  const { request = [], response = [], trailers = [] } = sink.headers ?? {};
  return any(envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig, {
    commonConfig: commonConfig(sink),
    additionalRequestHeadersToLog: [...request],
    additionalResponseHeadersToLog: [...response],
    additionalResponseTrailersToLog: [...trailers],
  });
}

function tcpGrpcLog(sink: LogSink & { sort: 'tcp-grpc' }): Any {
  const { TcpGrpcAccessLogConfig } = envoy.extensions.access_loggers.grpc.v3;
  return any(TcpGrpcAccessLogConfig, { commonConfig: commonConfig(sink) });
}

function commonConfig(sink: LogSink & { sort: 'http-grpc' | 'tcp-grpc' }): CommonConfig {
  return {
    logName: sink.logName,
    grpcService: { envoyGrpc: { clusterName: sink.cluster, authority: sink.authority } },
    transportApiVersion: envoy.config.core.v3.ApiVersion.V3,
    filterStateObjectsToLog: [...sink.filterState],
  };
}

function expressionFilter(expression: string): envoy.config.accesslog.v3.AccessLogFilter.$Properties {
  const { ExpressionFilter } = envoy.extensions.access_loggers.filters.cel.v3;
  const typedConfig = any(ExpressionFilter, { expression });
  return { extensionFilter: { name: 'envoy.access_loggers.extension_filters.cel', typedConfig } };
}

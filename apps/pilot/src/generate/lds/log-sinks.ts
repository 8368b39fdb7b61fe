import type { ExtensionProvider, LogFormat, LogLabels } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Mesh } from '../../model/mesh.js';
import type { Proxy } from '../../model/proxy.js';
import { splitHostPort } from '../common/address.js';
import type { ProviderTarget } from '../common/providers.js';
import { provider, providerTarget } from '../common/providers.js';

/** A line of text, or an object of labels; neither: Istio's format. */
export interface LogFormatPick {
  readonly encoding: 'TEXT' | 'JSON';
  readonly text?: string;
  readonly labels?: LogLabels;
}

/** Somewhere that requests or connections are logged to. */
export type LogSink =
  | {
      readonly sort: 'file';
      readonly path: string;
      readonly format: LogFormatPick;
      readonly omitEmpty: boolean;
    }
  | (ProviderTarget & {
      readonly sort: 'http-grpc';
      readonly logName: string;
      readonly headers?: LoggedHeaders;
      readonly filterState: readonly string[];
    })
  | (ProviderTarget & {
      readonly sort: 'tcp-grpc';
      readonly logName: string;
      readonly filterState: readonly string[];
    })
  | (ProviderTarget & { readonly sort: 'otel'; readonly logName: string; readonly format: LogFormatPick });

export interface LoggedHeaders {
  readonly request: readonly string[];
  readonly response: readonly string[];
  readonly trailers: readonly string[];
}

/** The cluster of `defaultConfig.envoyAccessLogService`. */
export const ACCESS_LOG_SERVICE = 'envoy_accesslog_service';

/** What a provider stands for; undefined where it is no place for logs, or where its service is not there. */
export function sinkOf(view: WorldView, proxy: Proxy, name: string): LogSink | undefined {
  const found = provider(view, name);
  if (!found) return undefined;
  const { envoyFileAccessLog: file } = found;
  if (file) {
    const format = formatOf(file.logFormat);
    return { sort: 'file', path: file.path, format, omitEmpty: file.omitEmptyValues ?? false };
  }
  return remoteSink(view, proxy, found);
}

function remoteSink(view: WorldView, proxy: Proxy, found: ExtensionProvider): LogSink | undefined {
  const { envoyHttpAls: http, envoyTcpAls: tcp, envoyOtelAls: otel } = found;
  const service = http ?? tcp ?? otel;
  const target = service && providerTarget(view, proxy, service);
  if (!target) return undefined;
  if (http) {
    const headers = {
      request: http.additionalRequestHeadersToLog ?? [],
      response: http.additionalResponseHeadersToLog ?? [],
      trailers: http.additionalResponseTrailersToLog ?? [],
    };
    const logName = http.logName || 'http_envoy_accesslog';
    return {
      sort: 'http-grpc',
      ...target,
      logName,
      headers,
      filterState: http.filterStateObjectsToLog ?? [],
    };
  }
  if (tcp) {
    const logName = tcp.logName || 'tcp_envoy_accesslog';
    return { sort: 'tcp-grpc', ...target, logName, filterState: tcp.filterStateObjectsToLog ?? [] };
  }
  const format = formatOf(otel?.logFormat);
  return { sort: 'otel', ...target, logName: otel?.logName || 'otel_envoy_accesslog', format };
}

function formatOf(format: LogFormat | undefined): LogFormatPick {
  const { text, labels } = format ?? {};
  return { encoding: labels ? 'JSON' : 'TEXT', ...(text && { text }), ...(labels && { labels }) };
}

/** What MeshConfig itself says, where no provider is asked for. */
export function meshSinks(view: WorldView, proxy: Proxy): LogSink[] {
  const mesh = view.mesh();
  const file: LogSink[] = mesh.accessLogFile
    ? [{ sort: 'file', path: mesh.accessLogFile, format: meshFormat(mesh), omitEmpty: false }]
    : [];
  if (!mesh.enableEnvoyAccessLogService) return file;
  const { address } = view.proxyConfig(proxy).envoyAccessLogService ?? {};
  if (!address || !splitHostPort(address)) return file;
  const service = { cluster: ACCESS_LOG_SERVICE, authority: address, filterState: [] };
  return [
    ...file,
    { sort: 'http-grpc', ...service, logName: 'http_envoy_accesslog' },
    { sort: 'tcp-grpc', ...service, logName: 'tcp_envoy_accesslog' },
  ];
}

function meshFormat({ accessLogEncoding, accessLogFormat }: Mesh): LogFormatPick {
  if (accessLogEncoding !== 'JSON')
    return { encoding: 'TEXT', ...(accessLogFormat && { text: accessLogFormat }) };
  const labels = parsedLabels(accessLogFormat);
  return { encoding: 'JSON', ...(labels && { labels }) };
}

/** A format of one's own is a JSON object; anything else is as good as none. */
function parsedLabels(text: string): LogLabels | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === 'object' && parsed !== null && Object.keys(parsed).length > 0;
    return isObject ? (parsed as LogLabels) : undefined;
  } catch {
    return undefined;
  }
}

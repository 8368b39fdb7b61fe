import type { envoy } from '#common/proto/edge';
import type { Duration, StringMap } from '#expressions';
import { Timestamp } from '#expressions';
import { commonAttributes, durationOf, timestampOf } from './access-log.js';
import type { Attributes } from './bag.js';
import { RecordMap, setPresent } from './bag.js';
import { setHeaders, setPath } from './http.js';
import type { Reporter } from './reporter.js';
import type { WorkloadDirectory } from './workload-directory.js';

type Entry = envoy.data.accesslog.v3.HTTPAccessLogEntry.$Properties;
type Request = envoy.data.accesslog.v3.HTTPRequestProperties.$Properties;
type Response = envoy.data.accesslog.v3.HTTPResponseProperties.$Properties;

/** The attributes of one request that a proxy has logged. */
export function httpLogAttributes(
  entry: Entry,
  reporter: Reporter,
  directory: WorkloadDirectory,
): Attributes {
  const common = entry.commonProperties ?? {};
  const bag = commonAttributes(common, reporter, directory);
  setRequest(bag, entry.request ?? {});
  setResponse(bag, entry.response ?? {});
  const start = timestampOf(common.startTime);
  const duration = durationOf(common.timeToLastDownstreamTxByte) ?? durationOf(common.duration);
  setPresent(bag, 'request.time', start);
  setPresent(bag, 'response.duration', duration);
  setPresent(bag, 'response.time', start && duration && later(start, duration));
  setPresent(bag, 'connection.id', common.streamId);
  // Envoy has no cache of Mixer's answers.
  bag.set('check.cache_hit', false);
  bag.set('quota.cache_hit', false);
  return bag;
}

function setRequest(bag: Attributes, request: Request): void {
  setHeaders(bag, new LoggedHeaders(request));
  setPath(bag, request.originalPath || request.path);
  setPresent(bag, 'request.id', request.requestId);
  setPresent(bag, 'request.host', request.authority);
  setPresent(bag, 'request.method', METHODS[request.requestMethod ?? 0]);
  bag.set('request.scheme', request.scheme || 'http');
  bag.set('request.size', request.requestBodyBytes ?? 0);
  bag.set('request.total_size', (request.requestBodyBytes ?? 0) + (request.requestHeadersBytes ?? 0));
}

function setResponse(bag: Attributes, response: Response): void {
  const headers = new RecordMap(response.responseHeaders ?? {});
  const trailers = new RecordMap(response.responseTrailers ?? {});
  bag.set('response.headers', headers);
  // 0: the client was gone before there was an answer.
  bag.set('response.code', response.responseCode?.value ?? 0);
  bag.set('response.size', response.responseBodyBytes ?? 0);
  bag.set('response.total_size', (response.responseBodyBytes ?? 0) + (response.responseHeadersBytes ?? 0));
  // An answer without a body has its trailers in the place of headers.
  setPresent(bag, 'response.grpc_status', trailers.get('grpc-status') ?? headers.get('grpc-status'));
  setPresent(bag, 'response.grpc_message', trailers.get('grpc-message') ?? headers.get('grpc-message'));
}

function later(start: Timestamp, duration: Duration): Timestamp {
  const nanos = start.nanos + duration.nanos;
  return new Timestamp(start.seconds + Math.floor(nanos / 1e9), nanos % 1e9);
}

/** By the numbers of envoy.config.core.v3.RequestMethod; 0 is unspecified (an extension method). */
const METHODS = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

/** The logged request headers, with those that the access log carries in fields of their own. */
class LoggedHeaders implements StringMap {
  constructor(private readonly request: Request) {}

  get(key: string): string | undefined {
    const { requestHeaders } = this.request;
    if (requestHeaders && Object.hasOwn(requestHeaders, key)) return requestHeaders[key];
    const field = this.ownField(key);
    return field || undefined;
  }

  entries(): Iterable<[string, string]> {
    const own = OWN_FIELDS.map((name): [string, string] => [name, this.ownField(name) ?? '']);
    return [...own.filter(([, value]) => value !== ''), ...Object.entries(this.request.requestHeaders ?? {})];
  }

  private ownField(name: string): string | null | undefined {
    switch (name) {
      case ':path':
        return this.request.path;
      case ':authority':
        return this.request.authority;
      case ':method':
        return METHODS[this.request.requestMethod ?? 0];
      case ':scheme':
        return this.request.scheme;
      case 'user-agent':
        return this.request.userAgent;
      case 'referer':
        return this.request.referer;
      case 'x-forwarded-for':
        return this.request.forwardedFor;
      case 'x-request-id':
        return this.request.requestId;
      default:
        return undefined;
    }
  }
}

const OWN_FIELDS = [
  ...[':path', ':authority', ':method', ':scheme'],
  ...['user-agent', 'referer', 'x-forwarded-for', 'x-request-id'],
];

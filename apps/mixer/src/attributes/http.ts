import type { StringMap } from '#expressions';
import type { Attributes } from './bag.js';
import { setPresent } from './bag.js';

/** Content types by which Mixer's proxies told gRPC from plain HTTP. */
const GRPC = new Set(['application/grpc', 'application/grpc+proto', 'application/grpc+json']);

/** context.protocol of an HTTP request: `grpc` by its content type, else `http`. */
export function httpProtocol(contentType: string | undefined): string {
  return contentType !== undefined && GRPC.has(contentType) ? 'grpc' : 'http';
}

/** request.path, .url_path and .query_params. The parameters are taken apart only if an expression asks for one. */
export function setPath(bag: Attributes, path: string | null | undefined): void {
  if (!path) return;
  const query = path.indexOf('?');
  bag.set('request.path', path);
  bag.set('request.url_path', query < 0 ? path : path.slice(0, query));
  if (query >= 0) bag.set('request.query_params', new QueryParameters(path.slice(query + 1)));
}

/** request.headers, and the attributes that are headers by another name. */
export function setHeaders(bag: Attributes, headers: StringMap): void {
  bag.set('request.headers', headers);
  setPresent(bag, 'request.useragent', headers.get('user-agent'));
  setPresent(bag, 'request.referer', headers.get('referer'));
  setPresent(bag, 'request.api_key', headers.get('x-api-key'));
  bag.set('context.protocol', httpProtocol(headers.get('content-type')));
}

class QueryParameters implements StringMap {
  private parsed: URLSearchParams | undefined;

  constructor(private readonly query: string) {}

  get(key: string): string | undefined {
    return this.parameters().get(key) ?? undefined;
  }

  entries(): Iterable<[string, string]> {
    return this.parameters().entries();
  }

  private parameters(): URLSearchParams {
    return (this.parsed ??= new URLSearchParams(this.query));
  }
}

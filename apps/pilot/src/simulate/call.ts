/** Somebody calls: what a proxy can see of it before it answers. */
export interface Call {
  /** Where the caller meant to go: interception keeps this address, an explicit proxy's is its own. */
  readonly destination: SocketAddress;
  readonly source?: SocketAddress;
  /** Which way the call crosses the proxy; `outbound` where it is left out, as on a gateway. */
  readonly direction?: 'inbound' | 'outbound';
  /** The caller speaks TLS to the proxy, or through it. */
  readonly tls?: { readonly sni?: string; readonly alpn?: readonly string[] };
  /** Absent: bytes of some other protocol. What TLS hides counts only where the proxy ends the TLS. */
  readonly http?: HttpRequest;
}

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

export interface HttpRequest {
  readonly method: string;
  readonly authority: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case; several values of one name stand in a list. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Of an absolute request line; else the connection says it. */
  readonly scheme?: 'http' | 'https';
  readonly version?: 'http/1.0' | 'http/1.1' | 'h2';
}

/** All values of a header as Envoy compares them; undefined where the request lacks it. */
export function headerOf(request: HttpRequest, name: string): string | undefined {
  switch (name) {
    case ':method':
      return request.method;
    case ':authority':
    case 'host':
      return request.authority;
    case ':path':
      return request.path;
    case ':scheme':
      return request.scheme;
  }
  const headers = request.headers ?? {};
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === 'object' ? value.join(',') : value;
}

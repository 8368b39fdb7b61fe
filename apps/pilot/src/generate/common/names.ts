/** Names that tools such as istioctl read: they are Istio's. */

export const BLACK_HOLE = 'BlackHoleCluster';
export const PASSTHROUGH = 'PassthroughCluster';
export const INBOUND_PASSTHROUGH = 'InboundPassthroughCluster';
/** Route of the explicit HTTP proxy. */
export const HTTP_PROXY_ROUTE = 'http_proxy';
export const VIRTUAL_OUTBOUND = 'virtualOutbound';
export const VIRTUAL_INBOUND = 'virtualInbound';

export interface OutboundName {
  readonly port: number;
  /** Empty for the whole service. */
  readonly subset: string;
  readonly host: string;
}

export function outboundCluster(port: number, subset: string, host: string): string {
  return `outbound|${port}|${subset}|${host}`;
}

/** The reverse of {@link outboundCluster}; undefined for another kind of name. */
export function parseOutbound(name: string): OutboundName | undefined {
  const [direction, port, subset, host, ...rest] = name.split('|');
  if (direction !== 'outbound' || subset === undefined || !host || rest.length > 0) return undefined;
  return { port: Number(port), subset, host };
}

/**
 * The SNI of mesh traffic. Also the name of the cluster that a gateway passes such traffic on to as it is, in the mode
 * AUTO_PASSTHROUGH.
 */
export function outboundSni({ port, subset, host }: OutboundName): string {
  return `outbound_.${port}_.${subset}_.${host}`;
}

/** The reverse of {@link outboundSni}; undefined for another kind of name. */
export function parseOutboundSni(name: string): OutboundName | undefined {
  const [, port, subset = '', host = ''] = /^outbound_\.(\d+)_\.([^_]*)_\.(.+)$/.exec(name) ?? [];
  return port === undefined ? undefined : { port: Number(port), subset, host };
}

export function inboundCluster(port: number): string {
  return `inbound|${port}||`;
}

export function parseInbound(name: string): number | undefined {
  const match = /^inbound\|(\d+)\|\|$/.exec(name);
  return match ? Number(match[1]) : undefined;
}

export function listenerName(address: string, port: number): string {
  return `${address}_${port}`;
}

/** The reverse of {@link listenerName}. */
export function parseListenerName(name: string): { address: string; port: number } | undefined {
  const match = /^(.+)_(\d+)$/.exec(name);
  return match ? { address: match[1] ?? '', port: Number(match[2]) } : undefined;
}

/** The route of a service that is at its own address and may or may not speak HTTP. */
export function sniffedRoute(host: string, port: number): string {
  return `${host}:${port}`;
}

export function parseSniffedRoute(name: string): { host: string; port: number } | undefined {
  const match = /^([^/]+):(\d+)$/.exec(name);
  return match ? { host: match[1] ?? '', port: Number(match[2]) } : undefined;
}

export function virtualHostName(host: string, port: number): string {
  return `${host}:${port}`;
}

export interface VirtualHostName {
  readonly route: string;
  readonly host: string;
  readonly port: number;
}

/** `80/reviews.default.svc.cluster.local:80`: the name of a virtual host that travels by itself. */
export function virtualHostResource(route: string, host: string, port: number): string {
  return `${route}/${virtualHostName(host, port)}`;
}

export function parseVirtualHostResource(name: string): VirtualHostName | undefined {
  const match = /^([^/]+)\/(.+):(\d+)$/.exec(name);
  return match ? { route: match[1] ?? '', host: match[2] ?? '', port: Number(match[3]) } : undefined;
}

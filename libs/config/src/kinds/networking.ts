import type { DurationText } from '../duration.js';
import type { ConnectionPoolSettings } from './destination-rule.js';
import type { Port, ServerTLSSettings } from './gateway.js';

/**
 * networking.istio.io as far as Quartet reads it: today's field names, in proto3 JSON.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/
 */

export type StringMatch = { exact: string } | { prefix: string } | { regex: string };

export interface Destination {
  host: string;
  subset?: string;
  port?: { number: number };
}

export interface HeaderOperations {
  set?: Record<string, string>;
  add?: Record<string, string>;
  remove?: string[];
}

export interface Headers {
  request?: HeaderOperations;
  response?: HeaderOperations;
}

export interface HTTPMatchRequest {
  name?: string;
  uri?: StringMatch;
  scheme?: StringMatch;
  method?: StringMatch;
  authority?: StringMatch;
  headers?: Record<string, StringMatch | Record<string, never>>;
  withoutHeaders?: Record<string, StringMatch | Record<string, never>>;
  queryParams?: Record<string, StringMatch>;
  port?: number;
  sourceLabels?: Record<string, string>;
  sourceNamespace?: string;
  gateways?: string[];
  ignoreUriCase?: boolean;
  statPrefix?: string;
}

export interface HTTPRouteDestination {
  destination: Destination;
  weight?: number;
  headers?: Headers;
}

export interface Percent {
  value?: number;
}

export interface HTTPFaultInjection {
  delay?: { fixedDelay?: DurationText; percentage?: Percent; percent?: number };
  abort?: { httpStatus?: number; grpcStatus?: string; percentage?: Percent };
}

export interface HTTPRetry {
  attempts?: number;
  perTryTimeout?: DurationText;
  retryOn?: string;
  retryRemoteLocalities?: boolean;
  backoff?: DurationText;
  retryIgnorePreviousHosts?: boolean;
}

export interface CorsPolicy {
  allowOrigin?: string[];
  allowOrigins?: StringMatch[];
  allowMethods?: string[];
  allowHeaders?: string[];
  exposeHeaders?: string[];
  maxAge?: DurationText;
  allowCredentials?: boolean;
  unmatchedPreflights?: 'UNSPECIFIED' | 'FORWARD' | 'IGNORE';
}

export interface HTTPRoute {
  name?: string;
  match?: HTTPMatchRequest[];
  route?: HTTPRouteDestination[];
  redirect?: {
    uri?: string;
    authority?: string;
    port?: number;
    derivePort?: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT';
    scheme?: string;
    redirectCode?: number;
    /** In place of the prefix that matched; `uri` replaces the whole path. */
    prefixRewrite?: string;
  };
  directResponse?: { status: number; body?: { string?: string; bytes?: string } };
  rewrite?: { uri?: string; authority?: string; uriRegexRewrite?: { match: string; rewrite: string } };
  timeout?: DurationText;
  retries?: HTTPRetry;
  fault?: HTTPFaultInjection;
  mirror?: Destination;
  mirrorPercentage?: Percent;
  /** Whole percents; `mirrorPercentage` goes before it. */
  mirrorPercent?: number;
  mirrors?: { destination: Destination; percentage?: Percent }[];
  corsPolicy?: CorsPolicy;
  headers?: Headers;
  delegate?: { name?: string; namespace?: string };
  /** Of the first versions: upgrades are always allowed. */
  websocketUpgrade?: boolean;
}

export interface L4Match {
  port?: number;
  destinationSubnets?: string[];
  sourceSubnet?: string;
  sourceLabels?: Record<string, string>;
  sourceNamespace?: string;
  gateways?: string[];
}

export interface RouteDestination {
  destination: Destination;
  weight?: number;
}

export interface VirtualService {
  /** Without any it is a delegate: others name it, it takes no requests by itself. */
  hosts?: string[];
  gateways?: string[];
  http?: HTTPRoute[];
  tls?: { match: (L4Match & { sniHosts: string[] })[]; route?: RouteDestination[] }[];
  tcp?: { match?: L4Match[]; route?: RouteDestination[] }[];
  exportTo?: string[];
}

/** Also the spec of a WorkloadEntry. */
export interface WorkloadEntry {
  /** IP, host name (DNS resolution) or `unix:///absolute/path`. */
  address?: string;
  ports?: Record<string, number>;
  labels?: Record<string, string>;
  network?: string;
  /** `region/zone/subzone`. */
  locality?: string;
  weight?: number;
  serviceAccount?: string;
}

export interface ServiceEntry {
  hosts: string[];
  addresses?: string[];
  ports?: Port[];
  location?: 'MESH_EXTERNAL' | 'MESH_INTERNAL';
  resolution?: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS';
  endpoints?: WorkloadEntry[];
  workloadSelector?: { labels?: Record<string, string> };
  exportTo?: string[];
  subjectAltNames?: string[];
}

export interface Sidecar {
  workloadSelector?: { labels?: Record<string, string> };
  ingress?: {
    port: Port;
    bind?: string;
    captureMode?: 'DEFAULT' | 'IPTABLES' | 'NONE';
    /** `127.0.0.1:PORT`, `0.0.0.0:PORT` or `unix:///path`. */
    defaultEndpoint?: string;
    tls?: ServerTLSSettings;
    connectionPool?: ConnectionPoolSettings;
  }[];
  egress?: {
    port?: Port;
    bind?: string;
    captureMode?: 'DEFAULT' | 'IPTABLES' | 'NONE';
    /** `namespace/dnsName`; namespace may be `.`, `*` or `~`. */
    hosts: string[];
  }[];
  inboundConnectionPool?: ConnectionPoolSettings;
  outboundTrafficPolicy?: { mode?: 'REGISTRY_ONLY' | 'ALLOW_ANY'; egressProxy?: Destination };
}

/** How workloads of one kind join the mesh: a template of WorkloadEntries. */
export interface WorkloadGroup {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  template: WorkloadEntry;
  probe?: {
    initialDelaySeconds?: number;
    timeoutSeconds?: number;
    periodSeconds?: number;
    successThreshold?: number;
    failureThreshold?: number;
    httpGet?: {
      path?: string;
      port: number;
      host?: string;
      scheme?: string;
      httpHeaders?: { name?: string; value?: string }[];
    };
    tcpSocket?: { host?: string; port: number };
    exec?: { command?: string[] };
    grpc?: { port: number; service?: string };
  };
}

import type { DurationText } from '../duration.js';

/** @see https://istio.io/latest/docs/reference/config/networking/destination-rule/ */
export interface DestinationRule {
  host: string;
  trafficPolicy?: TrafficPolicy;
  subsets?: Subset[];
  exportTo?: string[];
  workloadSelector?: { matchLabels?: Record<string, string> };
}

export interface Subset {
  name: string;
  labels?: Record<string, string>;
  trafficPolicy?: TrafficPolicy;
}

export interface PortTrafficPolicy {
  port?: { number: number };
  loadBalancer?: LoadBalancerSettings;
  connectionPool?: ConnectionPoolSettings;
  outlierDetection?: OutlierDetection;
  tls?: ClientTLSSettings;
}

export interface TrafficPolicy extends Omit<PortTrafficPolicy, 'port'> {
  portLevelSettings?: PortTrafficPolicy[];
  tunnel?: TunnelSettings;
  proxyProtocol?: { version?: 'V1' | 'V2' };
  retryBudget?: RetryBudget;
}

/** The proxy at the rule's host is asked to carry connections on to this target. */
export interface TunnelSettings {
  protocol?: 'CONNECT' | 'POST';
  targetHost: string;
  targetPort: number;
}

export interface RetryBudget {
  /** Of the requests under way; 20 where unset. */
  percent?: number;
  minRetryConcurrency?: number;
  /** Requests count for so long; zero: while they are under way. */
  budgetInterval?: DurationText;
}

export interface LoadBalancerSettings {
  simple?: 'UNSPECIFIED' | 'LEAST_CONN' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN' | 'LEAST_REQUEST';
  consistentHash?: ConsistentHashLB;
  localityLbSetting?: LocalityLoadBalancerSetting;
  zoneAwareLbSetting?: ZoneAwareLoadBalancerSetting;
  warmupDurationSecs?: DurationText;
  warmup?: { duration: DurationText; minimumPercent?: number; aggression?: number };
}

export interface ConsistentHashLB {
  httpHeaderName?: string;
  httpCookie?: {
    name: string;
    path?: string;
    ttl?: DurationText;
    attributes?: { name: string; value?: string }[];
  };
  useSourceIp?: boolean;
  httpQueryParameterName?: string;
  minimumRingSize?: number;
  ringHash?: { minimumRingSize?: number };
  maglev?: { tableSize?: number };
}

/** Localities are `region/zone/subzone`, with `*` for any from some part on. */
export interface LocalityLoadBalancerSetting {
  enabled?: boolean;
  /** Shares of the traffic that comes from a locality, in percent. */
  distribute?: { from?: string; to?: Record<string, number> }[];
  /** Regions. */
  failover?: { from?: string; to?: string }[];
  /** Labels, `key` (the client's own value) or `key=value`, the most important first. */
  failoverPriority?: string[];
}

/** The client's own region first, within it Envoy prefers the own zone. */
export interface ZoneAwareLoadBalancerSetting extends Omit<LocalityLoadBalancerSetting, 'distribute'> {
  /** Endpoints that there have to be for zones to matter; 6 where unset. */
  minClusterSize?: number;
}

export interface TcpKeepalive {
  probes?: number;
  time?: DurationText;
  interval?: DurationText;
}

export interface ConnectionPoolSettings {
  tcp?: {
    maxConnections?: number;
    connectTimeout?: DurationText;
    tcpKeepalive?: TcpKeepalive;
    maxConnectionDuration?: DurationText;
    idleTimeout?: DurationText;
  };
  http?: {
    http1MaxPendingRequests?: number;
    http2MaxRequests?: number;
    maxRequestsPerConnection?: number;
    maxRetries?: number;
    idleTimeout?: DurationText;
    h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';
    useClientProtocol?: boolean;
    maxConcurrentStreams?: number;
    http2KeepAlive?: { interval?: DurationText; timeout?: DurationText };
  };
}

export interface OutlierDetection {
  consecutiveErrors?: number;
  consecutive5xxErrors?: number;
  consecutiveGatewayErrors?: number;
  splitExternalLocalOriginErrors?: boolean;
  consecutiveLocalOriginFailures?: number;
  interval?: DurationText;
  baseEjectionTime?: DurationText;
  maxEjectionPercent?: number;
  minHealthPercent?: number;
  /** The statuses that are errors; without any 5xx are. */
  outlierDetectionHttpErrorCodes?: number[];
}

export interface ClientTLSSettings {
  mode?: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL';
  clientCertificate?: string;
  privateKey?: string;
  caCertificates?: string;
  caCrl?: string;
  credentialName?: string;
  subjectAltNames?: string[];
  sni?: string;
  insecureSkipVerify?: boolean;
}

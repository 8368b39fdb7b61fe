import {
  bool,
  duration,
  int32,
  labels,
  list,
  mapOf,
  message,
  number,
  oneOf,
  text,
  uint32,
} from './builder.js';
import type { Schema } from './builder.js';

const consistentHash = message({
  httpHeaderName: text,
  httpCookie: message({
    name: text,
    path: text,
    ttl: duration,
    attributes: list(message({ name: text, value: text })),
  }),
  useSourceIp: bool,
  httpQueryParameterName: text,
  minimumRingSize: uint32,
  ringHash: message({ minimumRingSize: uint32 }),
  maglev: message({ tableSize: uint32 }),
});

const failover = {
  enabled: bool,
  failover: list(message({ from: text, to: text })),
  failoverPriority: list(text),
};

export const localityLbSetting = message({
  ...failover,
  distribute: list(message({ from: text, to: mapOf(uint32) })),
});

const loadBalancer = message({
  simple: oneOf('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'),
  consistentHash,
  localityLbSetting,
  zoneAwareLbSetting: message({ ...failover, minClusterSize: uint32 }),
  warmupDurationSecs: duration,
  warmup: message({ duration, minimumPercent: number, aggression: number }),
});

export const tcpKeepalive = message({ probes: uint32, time: duration, interval: duration });

export const connectionPool = message({
  tcp: message({
    maxConnections: int32,
    connectTimeout: duration,
    tcpKeepalive,
    maxConnectionDuration: duration,
    idleTimeout: duration,
  }),
  http: message({
    http1MaxPendingRequests: int32,
    http2MaxRequests: int32,
    maxRequestsPerConnection: int32,
    maxRetries: int32,
    idleTimeout: duration,
    h2UpgradePolicy: oneOf('DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'),
    useClientProtocol: bool,
    maxConcurrentStreams: int32,
    http2KeepAlive: message({ interval: duration, timeout: duration }),
  }),
});

const outlierDetection = message({
  consecutiveErrors: int32,
  consecutive5xxErrors: uint32,
  consecutiveGatewayErrors: uint32,
  splitExternalLocalOriginErrors: bool,
  consecutiveLocalOriginFailures: uint32,
  interval: duration,
  baseEjectionTime: duration,
  maxEjectionPercent: int32,
  minHealthPercent: int32,
  outlierDetectionHttpErrorCodes: list(uint32),
});

export const clientTls = message({
  mode: oneOf('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'),
  clientCertificate: text,
  privateKey: text,
  caCertificates: text,
  caCrl: text,
  credentialName: text,
  subjectAltNames: list(text),
  sni: text,
  insecureSkipVerify: bool,
});

const policy = { loadBalancer, connectionPool, outlierDetection, tls: clientTls };
const trafficPolicy = message({
  ...policy,
  portLevelSettings: list(message({ port: message({ number: uint32 }), ...policy })),
  tunnel: message({ protocol: oneOf('CONNECT', 'POST'), targetHost: text, targetPort: uint32 }),
  proxyProtocol: message({ version: oneOf('V1', 'V2') }),
  retryBudget: message({
    percent: number,
    minRetryConcurrency: uint32,
    budgetInterval: duration,
  }),
});

/** @see https://istio.io/latest/docs/reference/config/networking/destination-rule/ */
export const destinationRule: Schema = message({
  host: text,
  trafficPolicy,
  subsets: list(message({ name: text, labels, trafficPolicy })),
  exportTo: list(text),
  workloadSelector: message({ matchLabels: labels }),
});

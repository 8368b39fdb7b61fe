import {
  bool,
  duration,
  int32,
  labels,
  list,
  message,
  oneOf,
  refused,
  text,
  uint32,
  unsupported,
} from './builder.js';
import type { Schema } from './builder.js';

const consistentHash = message({
  httpHeaderName: text,
  httpCookie: message({ name: text, path: text, ttl: duration, attributes: unsupported }),
  useSourceIp: bool,
  httpQueryParameterName: text,
  minimumRingSize: uint32,
  ringHash: message({ minimumRingSize: uint32 }),
  maglev: message({ tableSize: uint32 }),
});

const loadBalancer = message({
  simple: oneOf('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'),
  consistentHash,
  localityLbSetting: unsupported,
  warmupDurationSecs: unsupported,
  warmup: unsupported,
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
});

export const clientTls = message({
  mode: oneOf('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'),
  clientCertificate: text,
  privateKey: text,
  caCertificates: text,
  caCrl: refused,
  credentialName: text,
  subjectAltNames: list(text),
  sni: text,
  insecureSkipVerify: bool,
});

const policy = { loadBalancer, connectionPool, outlierDetection, tls: clientTls };
const trafficPolicy = message({
  ...policy,
  portLevelSettings: list(message({ port: message({ number: uint32 }), ...policy })),
  tunnel: unsupported,
  proxyProtocol: unsupported,
  retryBudget: unsupported,
});

/** @see https://istio.io/latest/docs/reference/config/networking/destination-rule/ */
export const destinationRule: Schema = message({
  host: text,
  trafficPolicy,
  subsets: list(message({ name: text, labels, trafficPolicy })),
  exportTo: list(text),
  workloadSelector: message({ matchLabels: labels }),
});

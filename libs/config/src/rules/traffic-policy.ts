import type {
  ClientTLSSettings,
  ConnectionPoolSettings,
  ConsistentHashLB,
  LoadBalancerSettings,
  OutlierDetection,
  PortTrafficPolicy,
  TrafficPolicy,
} from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkDuration, checkHeaderName, checkPort, checkRange, checkUnique } from './text.js';

export function checkTrafficPolicy(policy: TrafficPolicy | undefined, scope: Scope): void {
  if (!policy) return;
  if (Object.keys(policy).length === 0) scope.error('traffic policy must have at least one field');
  checkPolicyFields(policy, scope);
  const settings = policy.portLevelSettings ?? [];
  settings.forEach((entry, index) => {
    const at = scope.at('portLevelSettings', index);
    if (entry.port?.number === undefined) at.error('a port level setting needs a port number');
    else checkPort(entry.port.number, at.at('port', 'number'));
    checkPolicyFields(entry, at);
  });
  checkUnique(
    settings.map((entry) => entry.port?.number?.toString()),
    scope.at('portLevelSettings'),
    'port',
  );
}

function checkPolicyFields(policy: PortTrafficPolicy, scope: Scope): void {
  checkLoadBalancer(policy.loadBalancer, scope.at('loadBalancer'));
  checkConnectionPool(policy.connectionPool, scope.at('connectionPool'));
  checkOutlierDetection(policy.outlierDetection, scope.at('outlierDetection'));
  checkClientTls(policy.tls, scope.at('tls'));
}

function checkLoadBalancer(settings: LoadBalancerSettings | undefined, scope: Scope): void {
  if (settings?.simple && settings.consistentHash) scope.error('takes only one of simple and consistentHash');
  if (settings?.simple === 'LEAST_CONN')
    scope.at('simple').warn('deprecated', 'LEAST_CONN is deprecated, use LEAST_REQUEST');
  if (settings?.consistentHash) checkConsistentHash(settings.consistentHash, scope.at('consistentHash'));
}

function checkConsistentHash(hash: ConsistentHashLB, scope: Scope): void {
  const keys = [hash.httpHeaderName, hash.httpCookie, hash.useSourceIp, hash.httpQueryParameterName];
  if (keys.filter((key) => key !== undefined).length !== 1) {
    scope.error('needs exactly one of httpHeaderName, httpCookie, useSourceIp and httpQueryParameterName');
  }
  if (hash.httpHeaderName !== undefined) checkHeaderName(hash.httpHeaderName, scope.at('httpHeaderName'));
  if (hash.httpQueryParameterName === '') scope.at('httpQueryParameterName').error('must not be empty');
  if (hash.httpCookie && !hash.httpCookie.name) scope.at('httpCookie').error('name required for HttpCookie');
  checkDuration(hash.httpCookie?.ttl, scope.at('httpCookie', 'ttl'), { zero: true });
  const sizes = [hash.minimumRingSize, hash.ringHash, hash.maglev].filter((size) => size !== undefined);
  if (sizes.length > 1) scope.error('only one of minimumRingSize, maglev and ringHash can be specified');
  // Envoy refuses a Maglev table of another size: it has to be prime, and this is its own upper bound.
  checkRange(hash.maglev?.tableSize, 2, 5000011, scope.at('maglev', 'tableSize'));
  if (hash.maglev?.tableSize !== undefined && !isPrime(hash.maglev.tableSize)) {
    scope.at('maglev', 'tableSize').error('tableSize must be a prime number');
  }
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return number > 1;
}

export function checkConnectionPool(pool: ConnectionPoolSettings | undefined, scope: Scope): void {
  if (!pool) return;
  if (!pool.tcp && !pool.http) scope.error('connection pool must have at least one field');
  const { tcp, http } = pool;
  checkRange(tcp?.maxConnections, 0, 2147483647, scope.at('tcp', 'maxConnections'));
  checkDuration(tcp?.connectTimeout, scope.at('tcp', 'connectTimeout'));
  checkDuration(tcp?.maxConnectionDuration, scope.at('tcp', 'maxConnectionDuration'));
  checkDuration(tcp?.idleTimeout, scope.at('tcp', 'idleTimeout'), { zero: true });
  checkKeepalive(tcp?.tcpKeepalive, scope.at('tcp', 'tcpKeepalive'));
  const counts = [
    'http1MaxPendingRequests',
    'http2MaxRequests',
    'maxRequestsPerConnection',
    'maxRetries',
    'maxConcurrentStreams',
  ] as const;
  for (const field of counts) checkRange(http?.[field], 0, 2147483647, scope.at('http', field));
  checkDuration(http?.idleTimeout, scope.at('http', 'idleTimeout'), { zero: true });
  if (http?.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol) {
    scope.at('http').error('use client protocol must not be true when H2UpgradePolicy is UPGRADE');
  }
}

type Keepalive = NonNullable<ConnectionPoolSettings['tcp']>['tcpKeepalive'];

export function checkKeepalive(keepalive: Keepalive, scope: Scope): void {
  checkDuration(keepalive?.time, scope.at('time'));
  checkDuration(keepalive?.interval, scope.at('interval'));
}

function checkOutlierDetection(outlier: OutlierDetection | undefined, scope: Scope): void {
  if (!outlier) return;
  if (outlier.consecutiveErrors !== undefined) {
    scope
      .at('consecutiveErrors')
      .warn(
        'deprecated',
        'consecutiveErrors is deprecated, use consecutiveGatewayErrors or consecutive5xxErrors',
      );
  }
  checkDuration(outlier.interval, scope.at('interval'));
  checkDuration(outlier.baseEjectionTime, scope.at('baseEjectionTime'));
  checkRange(outlier.consecutiveErrors, 0, 2147483647, scope.at('consecutiveErrors'));
  checkRange(outlier.maxEjectionPercent, 0, 100, scope.at('maxEjectionPercent'));
  checkRange(outlier.minHealthPercent, 0, 100, scope.at('minHealthPercent'));
  if (outlier.consecutiveLocalOriginFailures !== undefined && !outlier.splitExternalLocalOriginErrors) {
    scope.error('consecutiveLocalOriginFailures is specified, but splitExternalLocalOriginErrors is not set');
  }
}

export function checkClientTls(tls: ClientTLSSettings | undefined, scope: Scope): void {
  if (!tls) return;
  const { mode, clientCertificate, privateKey, caCertificates, credentialName } = tls;
  const files = [clientCertificate, privateKey, caCertificates].some(Boolean);
  if (credentialName && files) scope.error('credentialName cannot be combined with certificate files');
  if (mode === 'MUTUAL' && !credentialName) {
    if (!clientCertificate) scope.error('client certificate required for mutual tls');
    if (!privateKey) scope.error('private key required for mutual tls');
  }
  if (mode === 'ISTIO_MUTUAL' && (files || credentialName)) {
    scope.error('ISTIO_MUTUAL uses the certificates of the mesh: name no others');
  }
  if (tls.insecureSkipVerify && tls.subjectAltNames?.length) {
    scope.error('insecureSkipVerify and subjectAltNames exclude each other');
  }
}

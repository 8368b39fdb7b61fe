import type {
  ConnectionPoolSettings,
  OutlierDetection,
  PortTrafficPolicy,
  TcpKeepalive,
  TrafficPolicy,
  TunnelSettings,
} from '../kinds/destination-rule.js';
import type { Scope } from '../problem.js';
import { checkClientTls } from './client-tls.js';
import { checkLoadBalancer } from './load-balancer.js';
import { checkDuration, checkPort, checkRange, checkUnique, isAddress, isHostName } from './text.js';

export function checkTrafficPolicy(policy: TrafficPolicy | undefined, scope: Scope): void {
  if (!policy) return;
  if (Object.keys(policy).length === 0) scope.error('traffic policy must have at least one field');
  checkPolicyFields(policy, scope);
  if (policy.tunnel) checkTunnel(policy.tunnel, scope.at('tunnel'));
  checkRange(policy.retryBudget?.percent, 0, 100, scope.at('retryBudget', 'percent'));
  checkDuration(policy.retryBudget?.budgetInterval, scope.at('retryBudget', 'budgetInterval'), {
    zero: true,
  });
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
  checkLoadBalancer(policy.loadBalancer, policy.outlierDetection, scope.at('loadBalancer'));
  checkConnectionPool(policy.connectionPool, scope.at('connectionPool'));
  checkOutlierDetection(policy.outlierDetection, scope.at('outlierDetection'));
  checkClientTls(policy.tls, scope.at('tls'));
}

function checkTunnel({ targetHost, targetPort }: TunnelSettings, scope: Scope): void {
  if (!targetHost) scope.error('a tunnel needs a target host');
  else if (!isAddress(targetHost) && !isHostName(targetHost))
    scope.at('targetHost').error(`invalid host ${JSON.stringify(targetHost)}`);
  if (targetPort === undefined) scope.error('a tunnel needs a target port');
  else checkPort(targetPort, scope.at('targetPort'));
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
  if (http?.http2KeepAlive) {
    const { interval, timeout } = http.http2KeepAlive;
    const at = scope.at('http', 'http2KeepAlive');
    if (interval === undefined || timeout === undefined) at.error('needs both interval and timeout');
    checkDuration(interval, at.at('interval'));
    checkDuration(timeout, at.at('timeout'));
  }
  if (http?.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol) {
    scope.at('http').error('use client protocol must not be true when H2UpgradePolicy is UPGRADE');
  }
}

export function checkKeepalive(keepalive: TcpKeepalive | undefined, scope: Scope): void {
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
  outlier.outlierDetectionHttpErrorCodes?.forEach((code, index) =>
    checkRange(code, 100, 599, scope.at('outlierDetectionHttpErrorCodes', index)),
  );
  if (outlier.consecutiveLocalOriginFailures !== undefined && !outlier.splitExternalLocalOriginErrors) {
    scope.error('consecutiveLocalOriginFailures is specified, but splitExternalLocalOriginErrors is not set');
  }
}

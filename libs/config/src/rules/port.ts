import type { Port } from '../kinds/gateway.js';
import type { Scope } from '../problem.js';
import { checkPort } from './text.js';

/** @see https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/ */
const PROTOCOLS = new Set(
  'HTTP HTTPS GRPC GRPC-WEB HTTP2 HTTP_PROXY HBONE MONGO MYSQL REDIS TCP TLS UDP'.split(' '),
);

/** A named port; `zero` allows number 0, as with a unix socket, `sniffed` a protocol that is found out by looking. */
export function checkServicePort(
  port: Port | undefined,
  scope: Scope,
  options: { zero?: boolean; sniffed?: boolean } = {},
): void {
  if (!port) return scope.error('port is required');
  if (port.number === undefined) scope.error('port needs a number');
  else if (!(options.zero && port.number === 0)) checkPort(port.number, scope.at('number'));
  if (!port.protocol && !options.sniffed) scope.error('port needs a protocol');
  if (port.protocol) checkProtocol(port.protocol, scope.at('protocol'));
  if (port.targetPort !== undefined) checkPort(port.targetPort, scope.at('targetPort'));
}

export function checkProtocol(protocol: string, scope: Scope): void {
  if (!PROTOCOLS.has(protocol.toUpperCase())) scope.error(`unsupported protocol ${JSON.stringify(protocol)}`);
}

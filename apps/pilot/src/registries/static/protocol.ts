import type { Port } from '#config';
import type { Protocol } from '../../model/service.js';

/** Ports whose protocol is known without a name: servers there speak first, or no HTTP at all. */
const WELL_KNOWN_TCP: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ['http', 'HTTP'],
  ['http_proxy', 'HTTP'],
  ['http2', 'HTTP2'],
  ['grpc', 'HTTP2'],
  ['grpc-web', 'HTTP2'],
  ['https', 'TLS'],
  ['tls', 'TLS'],
  ['tcp', 'TCP'],
  ['mongo', 'TCP'],
  ['redis', 'TCP'],
  ['mysql', 'TCP'],
  ['udp', 'UDP'],
]);

/**
 * The protocol of a port: what it states, else what its name starts with (`http-web`), else TCP.
 *
 * @see https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
 */
export function protocolOf(port: Port): Protocol {
  const stated = PROTOCOLS.get(port.protocol?.toLowerCase() ?? '');
  if (stated) return stated;
  if (WELL_KNOWN_TCP.has(port.number)) return 'TCP';
  const name = port.name?.toLowerCase() ?? '';
  const prefix = name.startsWith('grpc-web') ? 'grpc-web' : (name.split('-')[0] ?? '');
  return PROTOCOLS.get(prefix) ?? 'TCP';
}

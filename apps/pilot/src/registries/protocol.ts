import type { Port } from '#config';
import type { Dialect, Protocol } from '../model/service.js';

/** Ports whose protocol is known without a name: servers there speak first, or no HTTP at all. */
const WELL_KNOWN_TCP: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

/** What a port speaks. */
export interface Spoken {
  readonly protocol: Protocol;
  readonly dialect?: Dialect;
}

const PROTOCOLS: ReadonlyMap<string, Spoken> = new Map([
  ['http', { protocol: 'HTTP' }],
  ['http_proxy', { protocol: 'HTTP' }],
  ['http2', { protocol: 'HTTP2' }],
  ['grpc', { protocol: 'HTTP2' }],
  ['grpc-web', { protocol: 'HTTP2', dialect: 'GRPC_WEB' }],
  ['https', { protocol: 'TLS' }],
  ['tls', { protocol: 'TLS' }],
  ['tcp', { protocol: 'TCP' }],
  ['mongo', { protocol: 'TCP', dialect: 'MONGO' }],
  ['redis', { protocol: 'TCP', dialect: 'REDIS' }],
  ['mysql', { protocol: 'TCP' }],
  ['udp', { protocol: 'UDP' }],
]);

/** Names that Kubernetes defines for `appProtocol`. */
const APP_PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/h2c', 'http2'],
  ['kubernetes.io/ws', 'http'],
  ['kubernetes.io/wss', 'https'],
]);

export interface StatedPort extends Port {
  /** Of a Kubernetes Service; it counts before the name. */
  readonly appProtocol?: string;
}

/**
 * What a port states, else what its name starts with (`http-web`), else what everybody uses its number for, else AUTO.
 *
 * @see https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
 */
export function spokenAt({ protocol = '', appProtocol = '', name = '', number }: StatedPort): Spoken {
  const named = APP_PROTOCOLS.get(appProtocol) ?? (appProtocol || name);
  return (
    PROTOCOLS.get(protocol.toLowerCase()) ??
    PROTOCOLS.get(prefixOf(named.toLowerCase())) ?? { protocol: WELL_KNOWN_TCP.has(number) ? 'TCP' : 'AUTO' }
  );
}

export function protocolOf(port: StatedPort): Protocol {
  return spokenAt(port).protocol;
}

function prefixOf(name: string): string {
  return name.startsWith('grpc-web') ? 'grpc-web' : (name.split('-')[0] ?? '');
}

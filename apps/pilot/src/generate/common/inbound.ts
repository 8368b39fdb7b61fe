import type { ConnectionPoolSettings, ResourceKey, Sidecar } from '#config';
import type { Config } from '../../model/config.js';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { Dialect, Protocol } from '../../model/service.js';
import type { Instance } from '../../world/view.js';
import { spokenAt } from '../../registries/protocol.js';
import { splitHostPort } from './address.js';
import { anyAddress, loopback } from './own-addresses.js';

/** The service that a port is served for, and which port of it. */
export interface InboundService {
  readonly host: string;
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
  readonly portName: string;
}

/** A port at which a workload is reached through its sidecar. */
export interface InboundPort {
  /** The port that clients connect to. */
  readonly port: number;
  readonly protocol: Protocol;
  readonly dialect?: Dialect;
  /** Own address of the listener; empty where captured traffic arrives at the common one. */
  readonly bind: string;
  /** Where the application listens: `unix:///path`, or an address with `endpointPort`. */
  readonly endpoint: string;
  readonly endpointPort: number;
  /** The application is reached at the address that the client meant, whatever it is. */
  readonly passthrough?: boolean;
  readonly service: InboundService | undefined;
  /** Limits of the connections to the application. */
  readonly connectionPool?: ConnectionPoolSettings;
  /** TLS for clients outside of the mesh, and what it carries; it counts where mTLS is off. */
  readonly tls?: { readonly settings: IngressTls; readonly protocol: Protocol };
  readonly sources: readonly ResourceKey[];
}

type Ingress = NonNullable<Sidecar['ingress']>[number];
export type IngressTls = NonNullable<Ingress['tls']>;

/** What a Sidecar's ingress says, else what the services of the workload do; the first for each port. */
export function inboundPorts(view: WorldView, proxy: Proxy): InboundPort[] {
  const byPort = new Map<number, InboundPort>();
  for (const inbound of inboundClaims(view, proxy)) {
    if (!byPort.has(inbound.port)) byPort.set(inbound.port, inbound);
  }
  return [...byPort.values()];
}

/** The same with all that want a port. */
export function inboundClaims(view: WorldView, proxy: Proxy): InboundPort[] {
  if (proxy.type === 'router') return [];
  const sidecar = view.sidecar(proxy);
  const ingress = sidecar?.spec.ingress ?? [];
  return sidecar && ingress.length > 0
    ? ingress.map((listener) => fromIngress(view, proxy, listener, sidecar))
    : fromServices(view, proxy, sidecar);
}

function fromIngress(view: WorldView, proxy: Proxy, ingress: Ingress, sidecar: Config<Sidecar>): InboundPort {
  const { number } = ingress.port;
  const connectionPool = ingress.connectionPool ?? sidecar.spec.inboundConnectionPool;
  const capture = ingress.captureMode !== 'NONE' && proxy.interceptionMode !== 'NONE';
  return {
    port: number,
    ...spokenAt(ingress.port),
    bind: capture ? '' : ingress.bind || anyAddress(proxy),
    ...endpointOf(ingress, proxy),
    service: serviceBehind(view, proxy, number),
    ...(connectionPool && { connectionPool }),
    ...(ingress.tls && { tls: { settings: ingress.tls, protocol: insideTls(ingress.port) } }),
    sources: [sidecar.key],
  };
}

function insideTls({ protocol }: Ingress['port']): Protocol {
  return protocol?.toUpperCase() === 'HTTPS' ? 'HTTP' : 'TCP';
}

/** `0.0.0.0` stands for the workload's own address; without an endpoint it is the same port on loopback. */
function endpointOf(
  { defaultEndpoint, port }: Ingress,
  proxy: Proxy,
): { endpoint: string; endpointPort: number } {
  if (defaultEndpoint?.startsWith('unix://')) return { endpoint: defaultEndpoint, endpointPort: 0 };
  const split = splitHostPort(defaultEndpoint ?? '');
  if (!split) return { endpoint: loopback(proxy), endpointPort: port.number };
  const own = split.host === '0.0.0.0' || split.host === '::';
  return { endpoint: own ? (proxy.ipAddresses[0] ?? loopback(proxy)) : split.host, endpointPort: split.port };
}

function serviceBehind(view: WorldView, proxy: Proxy, port: number): InboundService | undefined {
  const mine = view.instances(proxy).find((instance) => instance.number === port);
  return mine && named(mine);
}

function named({ service, port }: Instance): InboundService {
  const { host, name, namespace } = service;
  return { host, name, namespace, port: port.number, portName: port.name };
}

function fromServices(view: WorldView, proxy: Proxy, sidecar: Config<Sidecar> | undefined): InboundPort[] {
  const connectionPool = sidecar?.spec.inboundConnectionPool;
  const capture = proxy.interceptionMode !== 'NONE';
  return view
    .instances(proxy)
    .filter(({ port }) => port.protocol !== 'UDP')
    .map((instance) => {
      const { service, port, endpoint, number } = instance;
      const unix = endpoint.address.startsWith('unix://');
      return {
        port: number,
        protocol: port.protocol,
        ...(port.dialect && { dialect: port.dialect }),
        bind: capture ? '' : (proxy.ipAddresses[0] ?? anyAddress(proxy)),
        endpoint: unix ? endpoint.address : loopback(proxy),
        endpointPort: number,
        passthrough: capture && !unix && view.mesh().inboundTrafficPolicy === 'PASSTHROUGH',
        service: named(instance),
        ...(connectionPool && { connectionPool }),
        sources: service.sources,
      };
    });
}

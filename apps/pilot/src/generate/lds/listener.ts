import { envoy } from '#common/proto/envoy';
import { MESH_CONFIG_KEY } from '#config';
import { address } from '../common/address.js';
import { BLACK_HOLE, VIRTUAL_INBOUND, VIRTUAL_OUTBOUND } from '../common/names.js';
import { provenance } from '../common/provenance.js';
import { httpConnectionManager } from './http-connection-manager.js';
import { asksForServerName, l4FilterChain } from './l4-filters.js';
import type { InboundChainPick } from './inbound-chains.js';
import { inboundChains } from './inbound-chains.js';
import { originalDst, tlsInspector } from './listener-filters.js';
import type {
  HttpListenerPick,
  InboundListenerPick,
  ListenerPick,
  TcpListenerPick,
  VirtualInboundPick,
  VirtualOutboundPick,
} from './listeners.js';
import { tcpProxy } from './tcp-proxy.js';

type Listener = envoy.config.listener.v3.Listener.$Properties;
type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;

/** A listener of Envoy, from what was picked for it. */
export function listener(pick: ListenerPick): Listener {
  const shared = {
    name: pick.name,
    address: address(pick.address, pick.port),
    // MeshConfig touches every listener: naming it here would drain them all when it first appears.
    metadata: provenance(pick.sources.find((key) => key !== MESH_CONFIG_KEY)),
  };
  return { ...shared, ...body(pick) };
}

function body(pick: ListenerPick): Listener {
  switch (pick.sort) {
    case 'http':
      return httpListener(pick);
    case 'tcp':
      return tcpListener(pick);
    case 'inbound':
      return inboundListener(pick);
    case 'virtual-outbound':
      return virtualOutbound(pick);
    case 'virtual-inbound':
      return virtualInbound(pick);
  }
}

function capture(pick: { readonly binds: boolean; readonly transparent: boolean }): Listener {
  return {
    ...(!pick.binds && { bindToPort: { value: false } }),
    ...(pick.transparent && { transparent: { value: true } }),
  };
}

function httpListener(pick: HttpListenerPick): Listener {
  return {
    filterChains: [{ filters: [httpConnectionManager(pick.http)] }],
    trafficDirection: envoy.config.core.v3.TrafficDirection.OUTBOUND,
    ...capture(pick),
  };
}

function tcpListener({ chains, fallback, policies, ...pick }: TcpListenerPick): Listener {
  return {
    filterChains: chains.map((chain) => l4FilterChain(chain, policies)),
    defaultFilterChain: l4FilterChain(fallback, policies),
    listenerFilters: chains.some(asksForServerName) ? [tlsInspector()] : [],
    trafficDirection: envoy.config.core.v3.TrafficDirection.OUTBOUND,
    ...capture(pick),
  };
}

/** TLS is looked into only where something depends on it: of STRICT everything is TLS, of DISABLE nothing. */
function inspects(chains: readonly InboundChainPick[]): boolean {
  return chains.some(({ mode }) => mode === 'PERMISSIVE');
}

function inboundListener({ chain }: InboundListenerPick): Listener {
  return {
    filterChains: inboundChains(chain),
    listenerFilters: inspects([chain]) ? [tlsInspector()] : [],
    trafficDirection: envoy.config.core.v3.TrafficDirection.INBOUND,
  };
}

/** Connections to the capture port itself would go round in circles. */
function blackHole(name: string, port: number): FilterChain {
  return {
    name: `${name}-blackhole`,
    filterChainMatch: { destinationPort: { value: port } },
    filters: [tcpProxy(BLACK_HOLE)],
  };
}

function virtualOutbound({ cluster, port, transparent }: VirtualOutboundPick): Listener {
  return {
    useOriginalDst: { value: true },
    filterChains: [
      blackHole(VIRTUAL_OUTBOUND, port),
      { name: 'virtualOutbound-catchall-tcp', filters: [tcpProxy(cluster)] },
    ],
    trafficDirection: envoy.config.core.v3.TrafficDirection.OUTBOUND,
    ...(transparent && { transparent: { value: true } }),
  };
}

function virtualInbound({ chains, passthrough, port, transparent }: VirtualInboundPick): Listener {
  return {
    filterChains: [
      blackHole(VIRTUAL_INBOUND, port),
      ...chains.flatMap((chain) => inboundChains(chain, { destinationPort: { value: chain.port } })),
      ...inboundChains(passthrough).map((chain) => ({ ...chain, name: 'virtualInbound' })),
    ],
    listenerFilters: [originalDst(), ...(inspects([...chains, passthrough]) ? [tlsInspector()] : [])],
    listenerFiltersTimeout: { seconds: 0 },
    continueOnListenerFiltersTimeout: true,
    trafficDirection: envoy.config.core.v3.TrafficDirection.INBOUND,
    ...(transparent && { transparent: { value: true } }),
  };
}

import { envoy } from '#common/proto/envoy';
import { MESH_CONFIG_KEY } from '#config';
import { address } from '../common/address.js';
import { BLACK_HOLE, VIRTUAL_INBOUND, VIRTUAL_OUTBOUND } from '../common/names.js';
import { provenance } from '../common/provenance.js';
import { gatewayChain } from './gateway-chains.js';
import { httpConnectionManager } from './http-connection-manager.js';
import { asksForServerName, l4FilterChain } from './l4-filters.js';
import { inboundChains } from './inbound-chains.js';
import { inspectorsOf, sharedInspectors } from './inbound-inspectors.js';
import { originalDst, tlsInspector } from './listener-filters.js';
import type {
  GatewayListenerPick,
  HttpListenerPick,
  InboundListenerPick,
  ListenerPick,
  TcpListenerPick,
  VirtualInboundPick,
  VirtualOutboundPick,
} from './listeners.js';
import { besideHttp, sniffedHttpChains, sniffing, waiting } from './sniffing.js';
import { tcpProxy } from './tcp-proxy.js';

type Listener = envoy.config.listener.v3.Listener.$Properties;
type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;

/** A listener of Envoy, from what was picked for it. */
export function listener(pick: ListenerPick): Listener {
  const shared = {
    name: pick.name,
    address: address(pick.address, pick.port),
    ...(pick.additionalAddresses && {
      additionalAddresses: pick.additionalAddresses.map((more) => ({ address: address(more, pick.port) })),
    }),
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
    case 'gateway':
      return gatewayListener(pick);
    case 'inbound':
      return inboundListener(pick);
    case 'virtual-outbound':
      return virtualOutbound(pick);
    case 'virtual-inbound':
      return virtualInbound(pick);
  }
}

/**
 * Without a port of its own a listener is given the connections of the capture listener. It is never transparent:
 * Envoy 1.40 falls over one that has no socket to make so.
 */
function capture({ binds }: { readonly binds: boolean }): Listener {
  return binds ? {} : { bindToPort: { value: false } };
}

function httpListener(pick: HttpListenerPick): Listener {
  return {
    filterChains: [{ filters: [httpConnectionManager(pick.http)] }],
    trafficDirection: envoy.config.core.v3.TrafficDirection.OUTBOUND,
    ...capture(pick),
  };
}

function tcpListener({ chains, fallback, policies, http, ...pick }: TcpListenerPick): Listener {
  const carried = chains.map((chain) => l4FilterChain(chain, policies));
  return {
    filterChains: http ? [...sniffedHttpChains(http), ...carried.flatMap(besideHttp)] : carried,
    defaultFilterChain: l4FilterChain(fallback, policies),
    ...(http
      ? sniffing(http.detectionTimeout)
      : { listenerFilters: chains.some(asksForServerName) ? [tlsInspector()] : [] }),
    trafficDirection: envoy.config.core.v3.TrafficDirection.OUTBOUND,
    ...capture(pick),
  };
}

function gatewayListener({ chains, policies, inspectsTls }: GatewayListenerPick): Listener {
  return {
    filterChains: chains.map((chain) => gatewayChain(chain, policies)),
    listenerFilters: inspectsTls ? [tlsInspector()] : [],
    trafficDirection: envoy.config.core.v3.TrafficDirection.OUTBOUND,
  };
}

function inboundListener({ chain, detectionTimeout }: InboundListenerPick): Listener {
  return {
    filterChains: inboundChains(chain),
    listenerFilters: inspectorsOf(chain),
    ...(chain.sniffed && waiting(detectionTimeout)),
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

function virtualInbound({ chains, passthrough, port, ...pick }: VirtualInboundPick): Listener {
  return {
    filterChains: [
      blackHole(VIRTUAL_INBOUND, port),
      ...chains.flatMap((chain) => inboundChains(chain, { destinationPort: { value: chain.port } })),
      ...inboundChains(passthrough).map(namedPassthrough),
    ],
    listenerFilters: [originalDst(), ...sharedInspectors(chains, passthrough)],
    ...waiting(pick.detectionTimeout),
    trafficDirection: envoy.config.core.v3.TrafficDirection.INBOUND,
    ...(pick.transparent && { transparent: { value: true } }),
  };
}

/** Istio's names. */
function namedPassthrough(chain: FilterChain): FilterChain {
  const readsHttp = chain.filters?.[0]?.name === 'envoy.filters.network.http_connection_manager';
  return { ...chain, name: readsHttp ? `${VIRTUAL_INBOUND}-catchall-http` : VIRTUAL_INBOUND };
}

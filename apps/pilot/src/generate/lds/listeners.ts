import type { ResourceKey } from '#config';
import type { GatewayChain } from './gateway-chains.js';
import type { InboundChainPick } from './inbound-chains.js';
import type { HttpPick } from './http-pick.js';
import type { L4Chain } from './l4-chain.js';
import type { SniffedHttp } from './sniffing.js';
import type { TcpPolicy } from './tcp-policy.js';

interface Named {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** On the same port. */
  readonly additionalAddresses?: readonly string[];
  readonly sources: readonly ResourceKey[];
}

/** HTTP by a route of its own: outbound, explicit proxy. */
export interface HttpListenerPick extends Named {
  readonly sort: 'http';
  /** False where connections come from the capture listener. */
  readonly binds: boolean;
  readonly http: HttpPick;
}

/** Connections that are not looked into, or not beyond their SNI. */
export interface TcpListenerPick extends Named {
  readonly sort: 'tcp';
  readonly binds: boolean;
  /** Disjoint, and none that takes everything. */
  readonly chains: readonly L4Chain[];
  /** Where connections go that no chain takes. */
  readonly fallback: L4Chain;
  /** What rules say of these clusters. */
  readonly policies: readonly TcpPolicy[];
  readonly http?: SniffedHttp & { readonly detectionTimeout: string };
}

/** A port of a gateway, for all servers that share it. */
export interface GatewayListenerPick extends Named {
  readonly sort: 'gateway';
  /** Disjoint. */
  readonly chains: readonly GatewayChain[];
  /** What rules say of the clusters that connections are carried to. */
  readonly policies: readonly TcpPolicy[];
  /** Whether its servers are told apart by what TLS asks for. */
  readonly inspectsTls: boolean;
}

export interface InboundListenerPick extends Named {
  readonly sort: 'inbound';
  readonly chain: InboundChainPick;
  /** How long the first bytes are waited for where they decide. */
  readonly detectionTimeout: string;
}

/** The listener that all captured outgoing connections arrive at. */
export interface VirtualOutboundPick extends Named {
  readonly sort: 'virtual-outbound';
  readonly cluster: string;
  readonly transparent: boolean;
}

/** The listener that all captured incoming connections arrive at. */
export interface VirtualInboundPick extends Named {
  readonly sort: 'virtual-inbound';
  readonly chains: readonly InboundChainPick[];
  /** For ports that no service has. */
  readonly passthrough: InboundChainPick;
  readonly detectionTimeout: string;
  readonly transparent: boolean;
}

export type ListenerPick =
  | HttpListenerPick
  | TcpListenerPick
  | GatewayListenerPick
  | InboundListenerPick
  | VirtualOutboundPick
  | VirtualInboundPick;

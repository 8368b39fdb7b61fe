import type { ResourceKey } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { Dialect, Protocol } from '../../model/service.js';
import { MESH_GATEWAY } from '../../world/indexes/virtual-service-index.js';
import { unknownDestination } from '../common/outbound-policy.js';
import type { Disjoint, L4Chain } from './l4-chain.js';
import { disjoint } from './l4-chain.js';
import { takesAllConnections } from './l4-filters.js';
import type { L4Entry } from './l4-routes.js';
import { serviceChain, tcpChains, tlsChains } from './l4-routes.js';
import type { TcpListenerPick } from './listeners.js';
import { pickTcpPolicies } from './tcp-policy.js';

/** Istio's name for what no service of a listener takes. */
const PASSTHROUGH_CHAIN = 'PassthroughFilterChain';

/** A service that connections of an outbound listener may be for. */
export interface L4Service {
  readonly host: string;
  readonly protocol: Protocol;
  readonly dialect?: Dialect;
  readonly cluster: string;
  /** Ranges that it is reached at, where the listener takes every address; normalised. */
  readonly destinationSubnets: readonly string[];
  /** Whether nothing but the SNI tells it from others. */
  readonly byServerName: boolean;
}

type L4Pick = Pick<TcpListenerPick, 'chains' | 'fallback' | 'policies'>;

/** The VirtualServices that routed these connections. */
export function l4Sources({ chains, fallback }: L4Pick): ResourceKey[] {
  return [...chains, fallback].flatMap(({ config }) => (config === undefined ? [] : [config]));
}

/** What a listener does with connections for these services: of two that want the same ones the first has them. */
export function pickL4(view: WorldView, proxy: Proxy, port: number, services: readonly L4Service[]): L4Pick {
  const { chains } = chainsOf(view, proxy, port, services);
  const unknown = { ...serviceChain(unknownDestination(view, proxy)), name: PASSTHROUGH_CHAIN };
  const fallback = chains.find(takesAllConnections) ?? unknown;
  const clusters = [...chains, fallback].flatMap(({ targets }) => targets.map(({ cluster }) => cluster));
  return {
    chains: chains.filter((chain) => !takesAllConnections(chain)),
    fallback,
    policies: pickTcpPolicies(view, proxy, clusters),
  };
}

/** With the conflicts between them. */
export function chainsOf(
  view: WorldView,
  proxy: Proxy,
  port: number,
  services: readonly L4Service[],
): Disjoint {
  return disjoint(
    services.flatMap((service) => {
      const dialect = readDialect(view, service.dialect);
      const more = { host: service.host, ...(dialect && { dialect }) };
      return chainsOfService(view, proxy, port, service).map((chain) => ({ ...chain, ...more }));
    }),
  );
}

/** Redis is only carried unless Pilot is told otherwise. */
export function readDialect(view: WorldView, dialect: Dialect | undefined): Dialect | undefined {
  return dialect === 'REDIS' && !view.environment.switches?.redisFilter ? undefined : dialect;
}

function chainsOfService(view: WorldView, proxy: Proxy, port: number, service: L4Service): L4Chain[] {
  const { host, protocol, cluster, destinationSubnets, byServerName } = service;
  const configs = view.meshVirtualServices(host, proxy);
  const entry: L4Entry = { gateways: [MESH_GATEWAY], port, destinationSubnets };
  if (protocol === 'TLS') {
    const routed = tlsChains(view, proxy, configs, entry);
    const serverNames = byServerName ? [host] : [];
    return routed.length > 0 ? routed : [serviceChain(cluster, { destinationSubnets, serverNames })];
  }
  const rest = serviceChain(cluster, { destinationSubnets });
  const routed = tcpChains(view, proxy, configs, entry);
  const isRouted = routed.some(({ match }) => JSON.stringify(match) === JSON.stringify(rest.match));
  return isRouted ? routed : [...routed, rest];
}

import type { L4Match as L4Condition, RouteDestination, VirtualService } from '#config';
import type { Config } from '../../model/config.js';
import type { WorldView } from '../../model/contract.js';
import { fullHost } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import { matches } from '../../model/workload.js';
import { gatewayNames } from '../../world/indexes/virtual-service-index.js';
import { outboundCluster } from '../common/names.js';
import type { L4Chain, L4Match, L4Target } from './l4-chain.js';
import { ANY_CONNECTION, serverNamesOf, subnetsOf } from './l4-chain.js';

/** Where connections come in that VirtualServices may route. */
export interface L4Entry {
  /** `mesh`, or `namespace/name` of the gateways in question. */
  readonly gateways: readonly string[];
  /** 0 for a socket, where addresses mean nothing. */
  readonly port: number;
  /** Addresses that the connections are meant for, where a route names none itself; normalised, none for all. */
  readonly destinationSubnets: readonly string[];
}

type Configs = readonly Config<VirtualService>[];

/**
 * What the `tls` routes of VirtualServices make of connections, in their order: one chain for each match that can
 * apply. It knows a connection by its SNI, so the listener needs a TLS inspector.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/virtual-service/#TLSRoute
 */
export function tlsChains(view: WorldView, proxy: Proxy, configs: Configs, entry: L4Entry): L4Chain[] {
  return configs.flatMap((config) =>
    (config.spec.tls ?? []).flatMap(({ match = [], route = [] }) =>
      match
        .filter((each) => isApplicable(each, proxy, config, entry))
        .map((each) => ({ ...connectionMatch(each, entry), serverNames: serverNamesOf(each.sniHosts ?? []) }))
        .flatMap((each) => chain(view, proxy, config, entry, { match: each, route })),
    ),
  );
}

/**
 * What the `tcp` routes make of them. A match that asks nothing of the connection itself takes all that are left, so
 * nothing follows it.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/virtual-service/#TCPRoute
 */
export function tcpChains(view: WorldView, proxy: Proxy, configs: Configs, entry: L4Entry): L4Chain[] {
  const found: L4Chain[] = [];
  for (const config of configs) {
    for (const { match, route = [] } of config.spec.tcp ?? []) {
      const applicable = match?.length
        ? match.filter((each) => isApplicable(each, proxy, config, entry))
        : [{}];
      for (const each of applicable) {
        found.push(...chain(view, proxy, config, entry, { match: connectionMatch(each, entry), route }));
        if (takesAll(each, entry)) return found;
      }
    }
  }
  return found;
}

/** The chain of a service without a route for it. */
export function serviceChain(cluster: string, match: Partial<L4Match> = {}): L4Chain {
  return {
    match: { ...ANY_CONNECTION, ...match },
    targets: [{ cluster, weight: 1 }],
    statPrefix: cluster,
  };
}

/** Whether a match can apply at all here: of the rest Envoy decides for each connection. */
function isApplicable(
  match: L4Condition,
  { namespace, labels }: Proxy,
  config: Config<VirtualService>,
  { port, gateways }: L4Entry,
): boolean {
  if (match.port && match.port !== port) return false;
  if (match.gateways?.length)
    return gatewayNames(match.gateways, config.namespace).some((gateway) => gateways.includes(gateway));
  if (match.sourceNamespace && match.sourceNamespace !== namespace) return false;
  const { sourceLabels = {} } = match;
  return Object.keys(sourceLabels).length === 0 || matches(sourceLabels, labels);
}

function takesAll({ destinationSubnets = [], sourceSubnet }: L4Condition, { port }: L4Entry): boolean {
  return port === 0 || (destinationSubnets.length === 0 && !sourceSubnet);
}

function connectionMatch(match: L4Condition, { port, destinationSubnets }: L4Entry): L4Match {
  if (port === 0) return ANY_CONNECTION;
  const stated = subnetsOf(match.destinationSubnets ?? []);
  return {
    serverNames: [],
    destinationSubnets: stated.length > 0 ? stated : destinationSubnets,
    sourceSubnets: subnetsOf(match.sourceSubnet ? [match.sourceSubnet] : []),
  };
}

interface Routed {
  readonly match: L4Match;
  readonly route: readonly RouteDestination[];
}

/** None where a route leads nowhere. */
function chain(
  view: WorldView,
  proxy: Proxy,
  config: Config<VirtualService>,
  entry: L4Entry,
  { match, route }: Routed,
): L4Chain[] {
  const [only, ...others] = route;
  // A single destination needs no weight.
  const weighted = only && others.length === 0 ? [{ ...only, weight: 1 }] : route;
  const targets = weighted
    .filter(({ weight = 0 }) => weight > 0)
    .map((destination) => target(view, proxy, destination, config.namespace, entry.port));
  if (targets.length === 0) return [];
  return [{ match, targets, statPrefix: `${config.name}.${config.namespace}`, config: config.key }];
}

/** Without a port, a service with a single one needs none; else it is the port that the connection came to. */
function target(
  view: WorldView,
  proxy: Proxy,
  { destination, weight = 1 }: RouteDestination,
  namespace: string,
  listenerPort: number,
): L4Target {
  const { subset = '' } = destination;
  const host = fullHost(destination.host, namespace);
  const [first, ...others] = view.service(host, proxy)?.ports ?? [];
  const only = others.length === 0 ? first?.number : undefined;
  return { cluster: outboundCluster(destination.port?.number || only || listenerPort, subset, host), weight };
}

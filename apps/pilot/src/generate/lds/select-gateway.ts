import type { VirtualService } from '#config';
import { serverKind, sniHosts } from '#config';
import type { Config } from '../../model/config.js';
import type { WorldView } from '../../model/contract.js';
import type { GatewayListener, GatewayServer } from '../../model/gateways.js';
import { gatewayName, httpRoute, httpsRoute } from '../../model/gateways.js';
import type { Proxy } from '../../model/proxy.js';
import { spokenAt } from '../../registries/protocol.js';
import { anyAddress, moreAnyAddresses } from '../common/own-addresses.js';
import { ISTIO_ALPN } from '../common/tls.js';
import { pickTrust } from '../common/tls-parameters.js';
import { admittedHosts, narrowed, virtualServicesOf } from '../vhds/gateway-hosts.js';
import type { GatewayChain, GatewayTls, GatewayTraffic } from './gateway-chains.js';
import type { CommonHttp, HttpPick } from './http-pick.js';
import type { L4Chain } from './l4-chain.js';
import { ANY_CONNECTION, disjoint, serverNamesOf } from './l4-chain.js';
import type { L4Entry } from './l4-routes.js';
import { tcpChains, tlsChains } from './l4-routes.js';
import type { GatewayListenerPick } from './listeners.js';
import { outboundAttributes } from './mixer-attributes.js';
import { pickCommonHttp } from './select-http.js';
import { readDialect } from './select-l4.js';
import { pickTcpPolicies } from './tcp-policy.js';

/** Undefined where the proxy has no such listener, or none of its servers has anywhere to send connections to. */
export function pickGatewayListener(
  view: WorldView,
  proxy: Proxy,
  name: string,
): GatewayListenerPick | undefined {
  const listener = view.gatewayTable(proxy).listeners.get(name);
  if (!listener) return undefined;
  const chains = chainsOf(view, proxy, listener);
  if (chains.length === 0) return undefined;
  const { address, port, family } = listener;
  const clusters = chains.flatMap(({ traffic }) =>
    traffic.kind === 'carried' ? traffic.chain.targets.map(({ cluster }) => cluster) : [],
  );
  const routes = chains.flatMap(({ traffic }) =>
    traffic.kind === 'carried' ? (traffic.chain.config ?? []) : [],
  );
  return {
    sort: 'gateway',
    name,
    address,
    port,
    ...(address === anyAddress(proxy) && moreAnyAddresses(view, proxy)),
    chains,
    policies: pickTcpPolicies(view, proxy, clusters),
    inspectsTls: family === 'tls',
    sources: [...listener.servers.map(({ gateway }) => gateway.key), ...routes],
  };
}

/** No two ask for the same connections: Envoy refuses a listener as a whole in which any do. */
function chainsOf(view: WorldView, proxy: Proxy, listener: GatewayListener): GatewayChain[] {
  const [first] = listener.servers;
  if (listener.family === 'http' && first) {
    const route = httpRoute(first, listener.port);
    const http = manager(commonHttp(view, proxy), listener, route, listener.servers);
    return [{ match: ANY_CONNECTION, traffic: { kind: 'http', http }, config: first.gateway.key }];
  }
  const found = listener.servers.flatMap((server) => serverChains(view, proxy, listener, server));
  const isPassedOn = ({ traffic }: GatewayChain): boolean => traffic.kind === 'passed-on';
  return [...disjoint(found.filter((chain) => !isPassedOn(chain))).chains, ...found.filter(isPassedOn)];
}

function serverChains(
  view: WorldView,
  proxy: Proxy,
  listener: GatewayListener,
  server: GatewayServer,
): GatewayChain[] {
  const config = server.gateway.key;
  const match = { ...ANY_CONNECTION, serverNames: serverNamesOf(sniHosts(server.server)) };
  switch (serverKind(server.server)) {
    case 'https': {
      const http = manager(commonHttp(view, proxy), listener, httpsRoute(server), [server]);
      const tls = pickTls(view, server, ['h2', 'http/1.1']);
      return [{ match, tls, traffic: { kind: 'http', http }, config }];
    }
    case 'auto-passthrough':
      return [passedOn(server)];
    case 'passthrough':
      return passedThrough(view, proxy, server).map((chain) => ({
        match: chain.match,
        traffic: carried(chain),
        config,
      }));
    case 'tls': {
      const tls = pickTls(view, server, carriedAlpn(server));
      return routed(view, proxy, server).map((chain) => {
        return {
          match: { ...chain.match, serverNames: match.serverNames },
          tls,
          traffic: carried(chain),
          config,
        };
      });
    }
    default:
      return routed(view, proxy, server).map((chain) => ({
        match: chain.match,
        traffic: carried(chain),
        config,
      }));
  }
}

function carried(chain: L4Chain): GatewayTraffic {
  return { kind: 'carried', chain };
}

function commonHttp(view: WorldView, proxy: Proxy): CommonHttp {
  return pickCommonHttp(view, proxy, 'gateway', outboundAttributes(proxy));
}

/** Statistics are those of the server that has a name, else of the listener. */
function manager(
  common: CommonHttp,
  { name }: GatewayListener,
  rds: string,
  servers: readonly GatewayServer[],
): HttpPick {
  const grpcWeb = servers.some(({ server }) => server.port.protocol.toUpperCase() === 'GRPC-WEB');
  const statPrefix = servers[0]?.server.name || `outbound_${name}`;
  return { statPrefix, route: { rds }, ...(grpcWeb && { grpcWeb }), ...common };
}

function pickTls(view: WorldView, { server }: GatewayServer, alpn: readonly string[]): GatewayTls {
  const { trustDomain, tlsDefaults: defaults } = view.mesh();
  const { httpsRedirect: _, ...settings } = server.tls ?? {};
  return { settings, alpn, trustDomain, ...pickTrust(view), ...(defaults && { defaults }) };
}

/** What is inside nobody knows: Istio offers what a server of HTTP would, and what the mesh calls everything else. */
function carriedAlpn({ server }: GatewayServer): string[] {
  return [...(server.tls?.mode === 'ISTIO_MUTUAL' ? [ISTIO_ALPN] : []), 'h2', 'http/1.1'];
}

function entryOf({ gateway, server }: GatewayServer): L4Entry {
  return { gateways: [gatewayName(gateway)], port: server.port.number, destinationSubnets: [] };
}

/** By the `tcp` routes of the VirtualServices that are bound to a server. */
function routed(view: WorldView, proxy: Proxy, server: GatewayServer): L4Chain[] {
  const dialect = readDialect(view, spokenAt(server.server.port).dialect);
  const chains = tcpChains(view, proxy, virtualServicesOf(view, proxy, server), entryOf(server));
  return dialect ? chains.map((chain) => ({ ...chain, dialect })) : chains;
}

/** By their `tls` routes, each as far as the server has the names that it asks for. */
function passedThrough(view: WorldView, proxy: Proxy, server: GatewayServer): L4Chain[] {
  const chainsFor = (config: Config<VirtualService>): L4Chain[] => {
    const hosts = admittedHosts(server, config.namespace);
    return tlsChains(view, proxy, [config], entryOf(server)).flatMap((chain) => {
      const serverNames = narrowed(chain.match.serverNames, hosts);
      return serverNames
        ? [{ ...chain, match: { ...chain.match, serverNames: serverNamesOf(serverNames) } }]
        : [];
    });
  };
  return virtualServicesOf(view, proxy, server).flatMap(chainsFor);
}

/** The names of the mesh's TLS end in the host: `outbound_.80_._.reviews.default.svc.cluster.local`. */
function passedOn({ server, gateway }: GatewayServer): GatewayChain {
  const hosts = sniHosts(server);
  const serverNames = hosts.includes('*')
    ? []
    : hosts.map((host) => (host.startsWith('*.') ? host : `*.${host}`));
  return {
    match: { ...ANY_CONNECTION, serverNames },
    traffic: { kind: 'passed-on', hosts },
    config: gateway.key,
  };
}

import type { Translation } from '../translate.js';
import type { Call } from './call.js';
import { endpointsOf } from './cluster.js';
import type {
  Config,
  Filter,
  FilterChain,
  HttpConnectionManager,
  Listener,
  TcpProxy,
} from './envoy-config.js';
import { filterChainOf } from './filter-chain.js';
import { httpOutcome } from './http.js';
import { listenerOf } from './listener.js';
import type { Outcome, Target, Way } from './outcome.js';

/**
 * What becomes of a call at a proxy with this config, by Envoy's documented rules: which listener, filter chain, route
 * and clusters it takes, and what is done to it. Nothing is sent; where chance decides, the shares are told. Config of
 * filters that refuse (policy, authentication) is not weighed: they are named as guards.
 */
export function simulate(translation: Translation, call: Call): Outcome {
  // What the proxy is sent, read with the fields that decide here.
  const config = translation as unknown as Config;
  const listener = listenerOf(config.listeners, call);
  if (!listener) return { kind: 'refused' };
  const chain = filterChainOf(listener, call);
  if (!chain) return closed(listener, 'no filter chain matches');
  return inChain(config, listener, chain, call);
}

const HTTP = 'envoy.filters.network.http_connection_manager';
const TCP = 'envoy.filters.network.tcp_proxy';
/** Sends a connection to the cluster that its server name names, whatever the TCP proxy says. */
const SNI_CLUSTER = 'envoy.filters.network.sni_cluster';

function inChain(config: Config, listener: Listener, chain: FilterChain, call: Call): Outcome {
  const endsTls = terminated(chain);
  if (endsTls && !call.tls) return closed(listener, 'the filter chain expects TLS');
  const filters = chain.filters ?? [];
  const last = filters.find(({ name }) => name === HTTP || name === TCP);
  if (!last) return closed(listener, 'the filter chain leads nowhere');
  const way = wayOf(listener, chain, filters, endsTls);
  if (last.name === TCP) {
    const named = filters.some(({ name }) => name === SNI_CLUSTER) ? call.tls?.sni : undefined;
    const proxy = named ? { cluster: named } : (last.typed_config ?? {});
    return { ...way, kind: 'tcp', targets: tcpTargets(config, proxy) };
  }
  const { http } = call;
  const readable = http && (endsTls !== undefined || !call.tls);
  if (!readable) return closed(listener, 'the filter chain expects HTTP');
  const manager: HttpConnectionManager = last.typed_config ?? {};
  return { ...way, ...httpOutcome(config, manager, { ...call, http }, endsTls !== undefined) };
}

function closed({ name }: Listener, why: string): Outcome {
  return { kind: 'closed', listener: name, why };
}

function terminated({ transport_socket: socket }: FilterChain): Way['endsTls'] {
  const config = socket?.typed_config;
  if (!config?.['@type'].endsWith('.DownstreamTlsContext')) return undefined;
  return config.require_client_certificate ? 'mutual' : 'simple';
}

function wayOf(
  listener: Listener,
  chain: FilterChain,
  filters: readonly Filter[],
  endsTls: Way['endsTls'],
): Way {
  const index = (listener.filter_chains ?? []).indexOf(chain);
  const manager: HttpConnectionManager = filters.find(({ name }) => name === HTTP)?.typed_config ?? {};
  const named = [...filters, ...(manager.http_filters ?? [])].map(({ name }) => name);
  return {
    listener: listener.name,
    filterChain: chain.name ?? (index < 0 ? 'default' : String(index)),
    ...(endsTls && { endsTls }),
    guards: named.filter((name) => /\.(rbac|ext_authz|jwt_authn|ratelimit|local_ratelimit)$/.test(name)),
  };
}

function tcpTargets(config: Config, { cluster, weighted_clusters: weighted }: TcpProxy): Target[] {
  const named = weighted?.clusters ?? [{ name: cluster ?? '', weight: 1 }];
  return named
    .filter(({ weight = 0 }) => weight > 0)
    .map(({ name, weight = 0 }) => ({ cluster: name, weight, endpoints: endpointsOf(config, name) }));
}

import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { Side } from '../../model/telemetry.js';
import { any } from '../common/proto.js';
import type { LogPick } from './access-log.js';
import { accessLog } from './access-log.js';
import { withProfile } from './connection-options.js';
import { pickLogs } from './select-logs.js';

type Listener = envoy.config.listener.v3.Listener.$Properties;
type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;
type Filter = envoy.config.listener.v3.Filter.$Properties;
type AccessLog = envoy.config.accesslog.v3.AccessLog.$Properties;

/** What mesh and proxy say about all listeners. */
export interface ListenerSettings {
  /** Where connections are logged that are not looked into. */
  readonly logs: readonly LogPick[];
  /** Those that no filter chain takes are logged by the listener: nobody else sees them. */
  readonly logsUnrouted: boolean;
  readonly bufferLimit?: number;
  /** Clients tell who they are by the PROXY protocol. */
  readonly proxyProtocol: boolean;
}

export function pickListenerSettings(view: WorldView, proxy: Proxy, side: Side): ListenerSettings {
  const { connectionSettings, gatewayTopology } = view.proxyConfig(proxy);
  const { listenerPerConnectionBufferLimitBytes: bufferLimit } = withProfile(connectionSettings ?? {});
  return {
    logs: pickLogs(view, proxy, side, 'connections'),
    logsUnrouted: !view.mesh().disableEnvoyListenerLog,
    ...(bufferLimit !== undefined && { bufferLimit }),
    proxyProtocol: proxy.type === 'router' && gatewayTopology?.proxyProtocol !== undefined,
  };
}

export function withSettings(listener: Listener, settings: ListenerSettings): Listener {
  const { bufferLimit, proxyProtocol } = settings;
  return {
    ...listener,
    ...(settings.logs.length > 0 && logged(listener, settings)),
    ...(bufferLimit !== undefined && { perConnectionBufferLimitBytes: { value: bufferLimit } }),
    ...(proxyProtocol && { listenerFilters: [proxyProtocolFilter(), ...(listener.listenerFilters ?? [])] }),
  };
}

function logged(listener: Listener, { logs, logsUnrouted }: ListenerSettings): Listener {
  const accessLogs = logs.map(accessLog);
  const { filterChains, defaultFilterChain } = listener;
  return {
    ...(logsUnrouted && { accessLog: accessLogs.map(unrouted) }),
    ...(filterChains && { filterChains: filterChains.map((chain) => chainWithLogs(chain, accessLogs)) }),
    ...(defaultFilterChain && { defaultFilterChain: chainWithLogs(defaultFilterChain, accessLogs) }),
  };
}

/** HTTP has logs of its own: what is left are the chains that end in a TCP proxy. */
function chainWithLogs(chain: FilterChain, accessLogs: AccessLog[]): FilterChain {
  return { ...chain, filters: (chain.filters ?? []).map((filter) => filterWithLogs(filter, accessLogs)) };
}

function filterWithLogs(filter: Filter, accessLogs: AccessLog[]): Filter {
  const { TcpProxy } = envoy.extensions.filters.network.tcp_proxy.v3;
  const { value } = filter.typedConfig ?? {};
  if (filter.name !== 'envoy.filters.network.tcp_proxy' || !value) return filter;
  return { ...filter, typedConfig: any(TcpProxy, { ...TcpProxy.decode(value), accessLog: accessLogs }) };
}

/** Envoy's flag NR: no route, here no filter chain. */
function unrouted(log: AccessLog): AccessLog {
  const flags = { responseFlagFilter: { flags: ['NR'] } };
  return { ...log, filter: log.filter ? { andFilter: { filters: [flags, log.filter] } } : flags };
}

function proxyProtocolFilter(): envoy.config.listener.v3.ListenerFilter.$Properties {
  const { ProxyProtocol } = envoy.extensions.filters.listener.proxy_protocol.v3;
  return { name: 'envoy.filters.listener.proxy_protocol', typedConfig: any(ProxyProtocol, {}) };
}

import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';

type ListenerFilter = envoy.config.listener.v3.ListenerFilter.$Properties;

/** Restores the address that a captured connection was meant for. */
export function originalDst(): ListenerFilter {
  const { OriginalDst } = envoy.extensions.filters.listener.original_dst.v3;
  return { name: 'envoy.filters.listener.original_dst', typedConfig: any(OriginalDst, {}) };
}

/** Reads SNI and ALPN before a chain is chosen. */
export function tlsInspector(): ListenerFilter {
  const { TlsInspector } = envoy.extensions.filters.listener.tls_inspector.v3;
  return { name: 'envoy.filters.listener.tls_inspector', typedConfig: any(TlsInspector, {}) };
}

/** Finds HTTP in plain text, and which version of it. */
export function httpInspector(): ListenerFilter {
  const { HttpInspector } = envoy.extensions.filters.listener.http_inspector.v3;
  return { name: 'envoy.filters.listener.http_inspector', typedConfig: any(HttpInspector, {}) };
}

/** A filter that does nothing for connections to these ports; with `others`, for those to all others. */
export function exempting(filter: ListenerFilter, ports: readonly number[], others = false): ListenerFilter {
  if (ports.length === 0) return filter;
  const rules = ports.map((port) => ({ destinationPortRange: { start: port, end: port + 1 } }));
  const [only] = rules;
  const any = rules.length > 1 ? { orMatch: { rules } } : { ...only };
  return { ...filter, filterDisabled: others ? { notMatch: any } : any };
}

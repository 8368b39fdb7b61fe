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

import type { envoy } from '#common/proto/envoy';
import type { TLSConfig } from '#config';
import type { MtlsMode } from '../../world/peer-authentication.js';
import { ISTIO_ALPN, meshServerTls } from '../common/tls.js';
import type { MeshTrust } from '../common/tls-parameters.js';
import type { HttpPick } from './http-connection-manager.js';
import type { IngressTls } from '../common/inbound.js';
import { fileServerTls } from '../common/tls.js';
import { httpConnectionManager } from './http-connection-manager.js';
import { tcpProxy } from './tcp-proxy.js';

type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;
type FilterChainMatch = envoy.config.listener.v3.FilterChainMatch.$Properties;

/** How one port of a workload takes its connections. */
export interface InboundChainPick {
  readonly port: number;
  readonly cluster: string;
  /** Absent for TCP. */
  readonly http?: HttpPick;
  readonly mode: MtlsMode['mode'];
  /** A Sidecar's own TLS, in place of plain text: for clients outside of the mesh, hence only without mTLS. */
  readonly tls?: IngressTls;
  /** Versions and algorithms of it, as the mesh has them. */
  readonly tlsDefaults?: TLSConfig;
  readonly trustDomain: string;
  readonly trust?: MeshTrust;
}

/** What a sidecar's ALPN may be, by version: any of them means the mesh's own TLS. */
const MESH_ALPN = [ISTIO_ALPN, 'istio-peer-exchange', 'istio-http/1.0', 'istio-http/1.1', 'istio-h2'];

/**
 * The filter chains of a port. STRICT: mesh TLS, nothing else. PERMISSIVE: mesh TLS, known by its ALPN; plain text;
 * and the client's own TLS, which goes through to the application as it is (without a chain of its own Envoy would
 * reset it).
 *
 * @param base narrows all of them, where one listener serves several ports
 */
export function inboundChains(pick: InboundChainPick, base: FilterChainMatch = {}): FilterChain[] {
  const name = `0.0.0.0_${pick.port}`;
  const filters = [pick.http ? httpConnectionManager(pick.http) : tcpProxy(pick.cluster)];
  const tls = { transportSocket: meshServerTls(pick.trustDomain, pick.trust) };
  const raw: FilterChain = { name, filterChainMatch: { ...base, transportProtocol: 'raw_buffer' }, filters };
  switch (pick.mode) {
    case 'STRICT':
      return [{ name, filterChainMatch: base, filters, ...tls }];
    case 'DISABLE':
      return [{ name, filterChainMatch: base, filters, ...(pick.tls && ownTls(pick, pick.tls)) }];
    case 'PERMISSIVE':
      return [
        {
          name,
          filterChainMatch: { ...base, transportProtocol: 'tls', applicationProtocols: MESH_ALPN },
          filters,
          ...tls,
        },
        raw,
        { name, filterChainMatch: { ...base, transportProtocol: 'tls' }, filters: [tcpProxy(pick.cluster)] },
      ];
  }
}

function ownTls({ http, tlsDefaults }: InboundChainPick, tls: IngressTls): FilterChain {
  return { transportSocket: fileServerTls(tls, http ? ['h2', 'http/1.1'] : [], tlsDefaults) };
}

import type { envoy } from '#common/proto/envoy';
import type { TLSConfig } from '#config';
import type { Dialect } from '../../model/service.js';
import type { MtlsMode } from '../../world/peer-authentication.js';
import type { IngressTls } from '../common/inbound.js';
import { serverTls } from '../common/server-tls.js';
import { MESH_ALPN, MESH_HTTP, MESH_TCP, meshServerTls } from '../common/tls.js';
import type { MeshTrust } from '../common/tls-parameters.js';
import type { HttpPick } from './http-pick.js';
import { httpConnectionManager } from './http-connection-manager.js';
import { l4Filters } from './l4-filters.js';
import { serviceChain } from './l4-routes.js';
import { plainHttp } from './sniffing.js';
import type { TcpPolicy } from './tcp-policy.js';

type Filter = envoy.config.listener.v3.Filter.$Properties;
type FilterChain = envoy.config.listener.v3.FilterChain.$Properties;
type FilterChainMatch = envoy.config.listener.v3.FilterChainMatch.$Properties;

/** How one port of a workload takes its connections. */
export interface InboundChainPick {
  readonly port: number;
  readonly cluster: string;
  /** Absent for TCP. */
  readonly http?: HttpPick;
  /** Whether only some of its connections are HTTP. */
  readonly sniffed?: boolean;
  readonly dialect?: Dialect;
  /** Limits of the connections that are carried as they are. */
  readonly limits?: TcpPolicy;
  readonly mode: MtlsMode['mode'];
  /** A Sidecar's own TLS, in place of plain text: for clients outside of the mesh, hence only without mTLS. */
  readonly tls?: IngressTls;
  /** Versions and algorithms of it, as the mesh has them. */
  readonly tlsDefaults?: TLSConfig;
  readonly trustDomain: string;
  readonly trust?: MeshTrust;
}

/** How a chain knows its connections, and what it does with them. */
interface Way {
  readonly match: FilterChainMatch;
  readonly filters: readonly Filter[];
  /** Whether it ends the mesh's TLS. */
  readonly mesh?: boolean;
}

/**
 * The filter chains of a port. STRICT: mesh TLS, nothing else. PERMISSIVE: mesh TLS, known by its ALPN; plain text;
 * and the client's own TLS, which goes through to the application as it is (without a chain of its own Envoy would
 * reset it). Where not all is HTTP, HTTP has chains of its own: inside of TLS it is known by the ALPN, which the other
 * sidecar sets, in plain text by looking.
 *
 * @param base narrows all of them, where one listener serves several ports
 */
export function inboundChains(pick: InboundChainPick, base: FilterChainMatch = {}): FilterChain[] {
  const name = `0.0.0.0_${pick.port}`;
  const mesh = { transportSocket: meshServerTls(pick.trustDomain, pick.trust) };
  return waysOf(pick).map(({ match, filters, mesh: endsTls }) => ({
    name,
    filterChainMatch: { ...base, ...match },
    filters: [...filters],
    ...(endsTls && mesh),
    ...(pick.tls && ownTls(pick, pick.tls)),
  }));
}

function waysOf(pick: InboundChainPick): Way[] {
  const carried = l4Filters(inboundChain(pick), pick.limits ? [pick.limits] : []);
  const read = pick.http ? [httpConnectionManager(pick.http)] : carried;
  if (pick.http && pick.sniffed) return sniffedWays(pick.mode, pick.http, read, carried);
  switch (pick.mode) {
    case 'STRICT':
      return [{ match: {}, filters: read, mesh: true }];
    case 'DISABLE':
      return [{ match: {}, filters: read }];
    case 'PERMISSIVE':
      return [
        { match: { ...TLS, applicationProtocols: MESH_ALPN }, filters: read, mesh: true },
        { match: PLAIN, filters: read },
        { match: TLS, filters: carried },
      ];
  }
}

const TLS: FilterChainMatch = { transportProtocol: 'tls' };
const PLAIN: FilterChainMatch = { transportProtocol: 'raw_buffer' };

function sniffedWays(
  mode: InboundChainPick['mode'],
  http: HttpPick,
  read: readonly Filter[],
  carried: readonly Filter[],
): Way[] {
  const meshHttp = { match: { ...TLS, applicationProtocols: MESH_HTTP }, filters: read, mesh: true };
  const plain = [
    { match: { ...PLAIN, applicationProtocols: plainHttp(http.http10 ?? false) }, filters: read },
    { match: PLAIN, filters: carried },
  ];
  const ownTls = { match: TLS, filters: carried };
  switch (mode) {
    case 'STRICT':
      return [meshHttp, { ...ownTls, mesh: true }];
    case 'DISABLE':
      return [...plain, ownTls];
    case 'PERMISSIVE':
      return [
        meshHttp,
        { match: { ...TLS, applicationProtocols: MESH_TCP }, filters: carried, mesh: true },
        ...plain,
        ownTls,
      ];
  }
}

function inboundChain({ cluster, dialect }: InboundChainPick) {
  return { ...serviceChain(cluster), ...(dialect && { dialect }) };
}

function ownTls({ http, tlsDefaults }: InboundChainPick, tls: IngressTls): FilterChain {
  return { transportSocket: serverTls(tls, { alpn: http ? ['h2', 'http/1.1'] : [], defaults: tlsDefaults }) };
}

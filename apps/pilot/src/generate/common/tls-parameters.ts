import { envoy } from '#common/proto/envoy';
import type { TLSConfig } from '#config';
import type { WorldView } from '../../model/contract.js';

type TlsParameters = envoy.extensions.transport_sockets.tls.v3.TlsParameters.$Properties;

/** Whom the mesh trusts besides its own trust domain, and what TLS between workloads has to be. */
export interface MeshTrust {
  readonly aliases?: readonly string[];
  readonly tls?: TLSConfig;
}

export function pickTrust(view: WorldView): { trust?: MeshTrust } {
  const { trustDomainAliases: aliases, meshMTLS: tls } = view.mesh();
  if (aliases.length === 0 && !tls) return {};
  return { trust: { ...(aliases.length > 0 && { aliases }), ...(tls && { tls }) } };
}

/** Versions and algorithms: TLS 1.2 and 1.3 unless more is asked for. */
export function tlsParameters({
  minProtocolVersion,
  ecdhCurves,
  cipherSuites,
}: TLSConfig = {}): TlsParameters {
  const { TlsProtocol } = envoy.extensions.transport_sockets.tls.v3.TlsParameters;
  return {
    tlsMinimumProtocolVersion: minProtocolVersion === 'TLSV1_3' ? TlsProtocol.TLSv1_3 : TlsProtocol.TLSv1_2,
    tlsMaximumProtocolVersion: TlsProtocol.TLSv1_3,
    ...(cipherSuites?.length && { cipherSuites }),
    ...(ecdhCurves?.length && { ecdhCurves }),
  };
}

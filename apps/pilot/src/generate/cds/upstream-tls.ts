import type { ClientTLSSettings } from '#config';
import { envoy } from '#common/proto/envoy';
import { any, struct } from '../common/proto.js';
import {
  ISTIO_ALPN,
  anyoneIn,
  meshTls,
  spiffeName,
  statedName,
  tlsSocket,
  upstreamTls,
} from '../common/tls.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;
type TransportSocket = envoy.config.core.v3.TransportSocket.$Properties;
type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.$Properties;

/** How to reach endpoints that take the mesh's mTLS. */
export interface MeshTlsPick {
  readonly trustDomain: string;
  readonly sni: string;
  readonly http2: boolean;
  /** Whom the endpoints may be: SPIFFE paths or stated names; empty: anybody of the trust domain. */
  readonly accounts: readonly string[];
}

/** mTLS towards the endpoints that are known to take it; to the others plain text, which is what no match means. */
export function autoMtls(pick: MeshTlsPick): Cluster {
  return {
    transportSocketMatches: [
      { name: 'tlsMode-istio', match: struct({ tlsMode: 'istio' }), transportSocket: meshSocket(pick) },
    ],
  };
}

export function meshSocket({ trustDomain, sni, http2, accounts }: MeshTlsPick): TransportSocket {
  const names = accounts.map((account) =>
    account.startsWith('ns/') ? spiffeName(trustDomain, account) : statedName(account),
  );
  const alpn = http2 ? [ISTIO_ALPN, 'h2'] : [ISTIO_ALPN];
  return upstreamTls(meshTls(alpn, names.length > 0 ? names : [anyoneIn(trustDomain)]), sni);
}

/** SIMPLE and MUTUAL: TLS as the rule describes it, with certificates from files of the proxy's host. */
export function statedSocket(tls: ClientTLSSettings, http2: boolean): TransportSocket {
  const { UpstreamTlsContext } = envoy.extensions.transport_sockets.tls.v3;
  const names = (tls.subjectAltNames ?? []).map(statedName);
  const commonTlsContext: CommonTlsContext = {
    ...(http2 && { alpnProtocols: ['h2'] }),
    ...(tls.mode === 'MUTUAL' && tls.clientCertificate && { tlsCertificates: [clientCertificate(tls)] }),
    ...(tls.caCertificates && {
      validationContext: { trustedCa: { filename: tls.caCertificates }, matchTypedSubjectAltNames: names },
    }),
  };
  return tlsSocket(any(UpstreamTlsContext, { commonTlsContext, sni: tls.sni ?? '' }));
}

function clientCertificate({ clientCertificate, privateKey }: ClientTLSSettings) {
  return {
    certificateChain: { filename: clientCertificate ?? '' },
    privateKey: { filename: privateKey ?? '' },
  };
}

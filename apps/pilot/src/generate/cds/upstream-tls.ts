import type { ClientTLSSettings } from '#config';
import { envoy } from '#common/proto/envoy';
import { isWildcard } from '../../model/host.js';
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

/** Where the roots of the public web stand, which count where a rule names no others. */
const SYSTEM_ROOTS = '/etc/ssl/certs/ca-certificates.crt';

export interface StatedTlsPick {
  readonly tls: ClientTLSSettings;
  readonly host: string;
  readonly http2: boolean;
}

/**
 * SIMPLE and MUTUAL: TLS as the rule describes it, with certificates from files of the proxy's host. The server has to
 * prove the names that the rule states, else the one that it is asked for; not at all only where the rule says so.
 */
export function statedSocket({ tls, host, http2 }: StatedTlsPick): TransportSocket {
  const { UpstreamTlsContext } = envoy.extensions.transport_sockets.tls.v3;
  const sni = requestedName(tls, host);
  const stated = tls.subjectAltNames?.length ? tls.subjectAltNames : [sni].filter(Boolean);
  const validationContext = {
    trustedCa: { filename: tls.caCertificates || SYSTEM_ROOTS },
    matchTypedSubjectAltNames: stated.map(statedName),
  };
  const commonTlsContext: CommonTlsContext = {
    ...(http2 && { alpnProtocols: ['h2'] }),
    ...(tls.mode === 'MUTUAL' && tls.clientCertificate && { tlsCertificates: [clientCertificate(tls)] }),
    ...(!tls.insecureSkipVerify && { validationContext }),
  };
  return tlsSocket(any(UpstreamTlsContext, { commonTlsContext, sni }));
}

/** The server's name; empty where only a request can tell it, then Envoy asks for and verifies its authority. */
export function requestedName({ sni }: ClientTLSSettings, host: string): string {
  return sni || (isWildcard(host) ? '' : host);
}

function clientCertificate({ clientCertificate, privateKey }: ClientTLSSettings) {
  return {
    certificateChain: { filename: clientCertificate ?? '' },
    privateKey: { filename: privateKey ?? '' },
  };
}

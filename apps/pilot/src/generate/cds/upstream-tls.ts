import type { ClientTLSSettings, TLSConfig } from '#config';
import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';
import {
  CA_SUFFIX,
  ISTIO_ALPN,
  anyoneIn,
  meshTls,
  pilotSecret,
  spiffeName,
  statedName,
  tlsSocket,
  upstreamTls,
} from '../common/tls.js';
import type { MeshTrust } from '../common/tls-parameters.js';
import { tlsParameters } from '../common/tls-parameters.js';

type TransportSocket = envoy.config.core.v3.TransportSocket.$Properties;
type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.$Properties;
type ValidationContext = envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.$Properties;

/** How to reach endpoints that take the mesh's mTLS. */
export interface MeshTlsPick {
  readonly trustDomain: string;
  readonly sni: string;
  readonly http2: boolean;
  /** HTTP is only one of the things that it carries: ALPN says when it is. */
  readonly sniffed?: boolean;
  /** Whom the endpoints may be: SPIFFE paths or stated names; empty: anybody of the trust domain. */
  readonly accounts: readonly string[];
  readonly trust?: MeshTrust;
}

export function meshSocket(pick: MeshTlsPick): TransportSocket {
  const { trustDomain, sni, accounts, trust = {} } = pick;
  const domains = [trustDomain, ...(trust.aliases ?? [])];
  const stated = accounts.flatMap((account) =>
    account.startsWith('ns/') ? domains.map((domain) => spiffeName(domain, account)) : [statedName(account)],
  );
  const names = stated.length > 0 ? stated : domains.map(anyoneIn);
  return upstreamTls(meshTls(alpnOf(pick), names, trust.tls), sni);
}

function alpnOf({ http2, sniffed }: MeshTlsPick): string[] {
  if (sniffed) return [http2 ? 'istio-h2' : 'istio-http/1.1'];
  return http2 ? [ISTIO_ALPN, 'h2'] : [ISTIO_ALPN];
}

/** Where the roots of the public web stand, which count where a rule names no others. */
const SYSTEM_ROOTS = '/etc/ssl/certs/ca-certificates.crt';

/** SIMPLE and MUTUAL: TLS as a rule describes it. */
export interface StatedTlsPick {
  readonly tls: ClientTLSSettings;
  /** The name that the server is asked for; empty where each request tells it. */
  readonly sni: string;
  /** Names of which the server has to prove one; none where each request tells it. */
  readonly names: readonly string[];
  readonly http2: boolean;
  readonly mesh?: ClientDefaults;
}

/** What the mesh says about all TLS that is not its own. */
export interface ClientDefaults {
  readonly parameters?: TLSConfig;
  /** Servers for which a rule names no roots are not verified. */
  readonly trustsAnybody?: boolean;
}

/**
 * Certificates are files of the proxy's host, or a secret that Pilot gives to whom it belongs. The server is not
 * verified at all only where the rule says so.
 */
export function statedSocket({ tls, sni, names, http2, mesh = {} }: StatedTlsPick): TransportSocket {
  const { UpstreamTlsContext } = envoy.extensions.transport_sockets.tls.v3;
  const commonTlsContext: CommonTlsContext = {
    tlsParams: tlsParameters(mesh.parameters),
    ...(http2 && { alpnProtocols: ['h2'] }),
    ...(tls.credentialName
      ? fromSecret(tls, tls.credentialName, names)
      : fromFiles(tls, names, mesh.trustsAnybody === true)),
  };
  return tlsSocket(any(UpstreamTlsContext, { commonTlsContext, sni }));
}

function fromFiles(
  tls: ClientTLSSettings,
  names: readonly string[],
  trustsAnybody: boolean,
): CommonTlsContext {
  const { mode, clientCertificate = '', privateKey = '', caCertificates, caCrl } = tls;
  const certificate = {
    certificateChain: { filename: clientCertificate },
    privateKey: { filename: privateKey },
  };
  const roots = caCertificates && caCertificates !== 'system' ? caCertificates : SYSTEM_ROOTS;
  const validationContext: ValidationContext = {
    trustedCa: { filename: roots },
    matchTypedSubjectAltNames: names.map(statedName),
    ...(caCrl && { crl: { filename: caCrl } }),
  };
  return {
    ...(mode === 'MUTUAL' && clientCertificate && { tlsCertificates: [certificate] }),
    ...(!tls.insecureSkipVerify && !(trustsAnybody && !caCertificates) && { validationContext }),
  };
}

function fromSecret(tls: ClientTLSSettings, credential: string, names: readonly string[]): CommonTlsContext {
  const combinedValidationContext = {
    defaultValidationContext: { matchTypedSubjectAltNames: names.map(statedName) },
    validationContextSdsSecretConfig: pilotSecret(`${credential}${CA_SUFFIX}`),
  };
  return {
    ...(tls.mode === 'MUTUAL' && { tlsCertificateSdsSecretConfigs: [pilotSecret(credential)] }),
    ...(!tls.insecureSkipVerify && { combinedValidationContext }),
  };
}

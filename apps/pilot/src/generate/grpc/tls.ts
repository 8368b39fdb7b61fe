import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';
import { tlsSocket } from '../common/tls.js';

type TransportSocket = envoy.config.core.v3.TransportSocket.$Properties;
type StringMatcher = envoy.type.matcher.v3.StringMatcher.$Properties;

/** A client of servers that take the mesh's mTLS. */
export interface ClientTlsPick {
  readonly trustDomains: readonly string[];
  readonly sni: string;
  /** Whom the servers may be: SPIFFE paths or stated names; empty: anybody of a trust domain. */
  readonly accounts: readonly string[];
}

/** The provider of certificates in the bootstrap that Istio's agent writes: files that the agent keeps up to date. */
const PROVIDER = 'default';
const CERTIFICATE = { instanceName: PROVIDER, certificateName: 'default' };
const ROOTS = { instanceName: PROVIDER, certificateName: 'ROOTCA' };

/** @see https://github.com/grpc/proposal/blob/master/A29-xds-tls-security.md */
export function clientTls({ trustDomains, sni, accounts }: ClientTlsPick): TransportSocket {
  const { UpstreamTlsContext } = envoy.extensions.transport_sockets.tls.v3;
  const commonTlsContext = {
    tlsCertificateProviderInstance: CERTIFICATE,
    validationContext: {
      caCertificateProviderInstance: ROOTS,
      matchSubjectAltNames: subjectAltNames(trustDomains, accounts),
    },
  };
  return tlsSocket(any(UpstreamTlsContext, { commonTlsContext, sni }));
}

/** Servers compare no names: that the mesh's root vouches for a client is all that they can ask for. */
export function serverTls(): TransportSocket {
  const { DownstreamTlsContext } = envoy.extensions.transport_sockets.tls.v3;
  const commonTlsContext = {
    tlsCertificateProviderInstance: CERTIFICATE,
    validationContext: { caCertificateProviderInstance: ROOTS },
  };
  return tlsSocket(
    any(DownstreamTlsContext, { commonTlsContext, requireClientCertificate: { value: true } }),
  );
}

function subjectAltNames(domains: readonly string[], accounts: readonly string[]): StringMatcher[] {
  if (accounts.length === 0) return domains.map((domain) => ({ prefix: `spiffe://${domain}/` }));
  return accounts.flatMap((account) =>
    account.startsWith('ns/')
      ? domains.map((domain) => ({ exact: `spiffe://${domain}/${account}` }))
      : [{ exact: account }],
  );
}

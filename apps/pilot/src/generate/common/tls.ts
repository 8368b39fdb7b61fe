import { envoy } from '#common/proto/envoy';
import type { Server, TLSConfig } from '#config';
import type { Any } from './proto.js';
import { any } from './proto.js';
import type { MeshTrust } from './tls-parameters.js';
import { tlsParameters } from './tls-parameters.js';

const { tls } = envoy.extensions.transport_sockets;
type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.$Properties;
type SdsSecretConfig = envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig.$Properties;
type TransportSocket = envoy.config.core.v3.TransportSocket.$Properties;
type SubjectAltName = envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.$Properties;

/** ALPN by which mesh traffic is known from a client's own TLS. */
export const ISTIO_ALPN = 'istio';

/** Secrets come from the agent beside the proxy, on a socket that only its own user may open. */
function agentSecret(name: string): SdsSecretConfig {
  return {
    name,
    sdsConfig: {
      apiConfigSource: {
        apiType: envoy.config.core.v3.ApiConfigSource.ApiType.GRPC,
        transportApiVersion: envoy.config.core.v3.ApiVersion.V3,
        setNodeOnFirstMessageOnly: true,
        grpcServices: [{ envoyGrpc: { clusterName: 'sds-grpc' } }],
      },
      initialFetchTimeout: { seconds: 0 },
      resourceApiVersion: envoy.config.core.v3.ApiVersion.V3,
    },
  };
}

/** A secret of the user's, from Pilot, which gives it only to the namespace that it belongs to. */
export function pilotSecret(credential: string): SdsSecretConfig {
  return {
    name: `kubernetes://${credential}`,
    sdsConfig: { ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3 },
  };
}

/** The workload's own certificate, and a peer that the mesh's root vouches for. */
export function meshTls(
  alpnProtocols: string[],
  names: SubjectAltName[],
  parameters?: TLSConfig,
): CommonTlsContext {
  return {
    alpnProtocols,
    tlsParams: tlsParameters(parameters),
    tlsCertificateSdsSecretConfigs: [agentSecret('default')],
    combinedValidationContext: {
      defaultValidationContext: { matchTypedSubjectAltNames: names },
      validationContextSdsSecretConfig: agentSecret('ROOTCA'),
    },
  };
}

export function spiffeName(trustDomain: string, account: string): SubjectAltName {
  const URI = envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType.URI;
  return { sanType: URI, matcher: { exact: `spiffe://${trustDomain}/${account}` } };
}

export function anyoneIn(trustDomain: string): SubjectAltName {
  const URI = envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType.URI;
  return { sanType: URI, matcher: { prefix: `spiffe://${trustDomain}/` } };
}

/** A name of config: a URI where it looks like one, else a DNS name. */
export function statedName(name: string): SubjectAltName {
  const { SanType } = envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
  return { sanType: name.includes('://') ? SanType.URI : SanType.DNS, matcher: { exact: name } };
}

export function tlsSocket(typedConfig: Any): TransportSocket {
  return { name: 'envoy.transport_sockets.tls', typedConfig };
}

/** @param sni a host name, or Istio's `outbound_.<port>_.<subset>_.<host>` */
export function upstreamTls(commonTlsContext: CommonTlsContext, sni: string): TransportSocket {
  return tlsSocket(any(tls.v3.UpstreamTlsContext, { commonTlsContext, sni }));
}

/** The server's side of mesh mTLS: whoever comes has to show a certificate of a trust domain of the mesh. */
export function meshServerTls(
  trustDomain: string,
  { aliases = [], tls: parameters }: MeshTrust = {},
): TransportSocket {
  const names = [trustDomain, ...aliases].map(anyoneIn);
  const commonTlsContext = meshTls(['h2', 'http/1.1'], names, parameters);
  return tlsSocket(
    any(tls.v3.DownstreamTlsContext, { commonTlsContext, requireClientCertificate: { value: true } }),
  );
}

/** A server with a certificate from files of the proxy's host; clients prove theirs as the mode says. */
export function fileServerTls(
  settings: NonNullable<Server['tls']>,
  alpnProtocols: string[],
  parameters?: TLSConfig,
): TransportSocket {
  const { mode, serverCertificate = '', privateKey = '', caCertificates = '' } = settings;
  const verifies = mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL';
  const certificate = {
    certificateChain: { filename: serverCertificate },
    privateKey: { filename: privateKey },
  };
  const commonTlsContext: CommonTlsContext = {
    alpnProtocols,
    ...(parameters && { tlsParams: tlsParameters(parameters) }),
    tlsCertificates: [certificate],
    ...(verifies && { validationContext: { trustedCa: { filename: caCertificates } } }),
  };
  const requireClientCertificate = { value: mode === 'MUTUAL' };
  return tlsSocket(any(tls.v3.DownstreamTlsContext, { commonTlsContext, requireClientCertificate }));
}

import { envoy } from '#common/proto/envoy';
import type { TLSConfig } from '#config';
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

/** What a sidecar's ALPN is, by version: any of them means the mesh's own TLS, and the latter that HTTP is inside. */
export const MESH_TCP = [ISTIO_ALPN, 'istio-peer-exchange'];
export const MESH_HTTP = ['istio-http/1.0', 'istio-http/1.1', 'istio-h2'];
export const MESH_ALPN = [...MESH_TCP, ...MESH_HTTP];

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

/**
 * A secret of the user's, from Pilot, which gives it only to the namespace that it belongs to.
 *
 * @param credential a name, or a name with the scheme that says where secrets of this name are
 */
export function pilotSecret(credential: string): SdsSecretConfig {
  return {
    name: credential.includes('://') ? credential : `kubernetes://${credential}`,
    sdsConfig: { ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3 },
  };
}

/** Istio's name for the part of a credential that says whom to trust. */
export const CA_SUFFIX = '-cacert';

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

/** What a gateway's server says of the mesh's TLS that it ends. */
interface MeshServer {
  readonly alpn?: readonly string[];
  /** Whom the client has to be; none: anybody of the mesh. */
  readonly names?: readonly string[];
  readonly tlsParams?: CommonTlsContext['tlsParams'];
}

/** The server's side of mesh mTLS: whoever comes has to show a certificate of a trust domain of the mesh. */
export function meshServerTls(
  trustDomain: string,
  { aliases = [], tls: parameters }: MeshTrust = {},
  { alpn = ['h2', 'http/1.1'], names = [], tlsParams }: MeshServer = {},
): TransportSocket {
  const peers = names.length > 0 ? names.map(statedName) : [trustDomain, ...aliases].map(anyoneIn);
  const commonTlsContext = { ...meshTls([...alpn], peers, parameters), ...(tlsParams && { tlsParams }) };
  return tlsSocket(
    any(tls.v3.DownstreamTlsContext, { commonTlsContext, requireClientCertificate: { value: true } }),
  );
}

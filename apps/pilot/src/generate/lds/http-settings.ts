import { envoy } from '#common/proto/envoy';
import type { ConnectionSettings, ForwardClientCert, ProxyHeaders } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Mesh } from '../../model/mesh.js';
import type { Proxy } from '../../model/proxy.js';
import { any } from '../common/proto.js';
import { connectionOptions } from './connection-options.js';

type Manager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.$Properties;

/** What mesh and proxy say about all HTTP, each where something is said. */
export interface HttpSettings {
  readonly normalization: Mesh['pathNormalization'];
  readonly headers?: ProxyHeaders;
  readonly connection?: ConnectionSettings;
  /** Of a gateway: how many proxies before it tell the truth. */
  readonly trustedProxies?: number;
  readonly forwardClientCert?: ForwardClientCert;
}

export function pickHttpSettings(view: WorldView, proxy: Proxy, side: HttpSide): HttpSettings {
  const { proxyHeaders, connectionSettings, gatewayTopology } = view.proxyConfig(proxy);
  const { numTrustedProxies, forwardClientCertDetails } = side === 'gateway' ? (gatewayTopology ?? {}) : {};
  const forward = side === 'gateway' ? forwardClientCertDetails : proxyHeaders?.forwardedClientCert;
  return {
    normalization: view.mesh().pathNormalization,
    ...(proxyHeaders && { headers: proxyHeaders }),
    ...(connectionSettings && { connection: connectionSettings }),
    ...(numTrustedProxies && { trustedProxies: numTrustedProxies }),
    ...(forward && forward !== 'UNDEFINED' && { forwardClientCert: forward }),
  };
}

/** `inbound` to the application, `outbound` from it, `gateway` at the edge of the mesh. */
export type HttpSide = 'inbound' | 'outbound' | 'gateway';

export function httpSettings(settings: HttpSettings, side: HttpSide): Manager {
  return {
    ...normalization(settings.normalization),
    ...(settings.connection && connectionOptions(settings.connection)),
    ...peer(settings, side),
    ...headers(settings),
  };
}

function normalization(kind: Mesh['pathNormalization']): Manager {
  const { PathWithEscapedSlashesAction: action } =
    envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
  return {
    normalizePath: { value: kind !== 'NONE' },
    ...((kind === 'MERGE_SLASHES' || kind === 'DECODE_AND_MERGE_SLASHES') && { mergeSlashes: true }),
    pathWithEscapedSlashesAction:
      kind === 'DECODE_AND_MERGE_SLASHES' ? action.UNESCAPE_AND_FORWARD : action.KEEP_UNCHANGED,
  };
}

/** Whose word counts on where a request comes from: a gateway trusts nobody it is not told of, a sidecar its mesh. */
function peer({ forwardClientCert, trustedProxies, headers: stated }: HttpSettings, side: HttpSide): Manager {
  const { ForwardClientCertDetails } =
    envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
  if (side === 'outbound') return { useRemoteAddress: { value: false } };
  const usual = side === 'inbound' ? 'APPEND_FORWARD' : 'SANITIZE_SET';
  const forward = forwardClientCert && forwardClientCert !== 'UNDEFINED' ? forwardClientCert : usual;
  const { subject = true, uri = true, dns = true, cert = false, chain = false } = details(stated, side);
  const forwards = forward === 'APPEND_FORWARD' || forward === 'SANITIZE_SET';
  return {
    useRemoteAddress: { value: side === 'gateway' },
    ...(trustedProxies && { xffNumTrustedHops: trustedProxies }),
    forwardClientCertDetails: ForwardClientCertDetails[forward],
    ...(forwards && { setCurrentClientCertDetails: { subject: { value: subject }, uri, dns, cert, chain } }),
  };
}

/** A sidecar may be told which parts of a certificate to show. */
function details(headers: ProxyHeaders | undefined, side: HttpSide) {
  return (side === 'inbound' ? headers?.setCurrentClientCertDetails : undefined) ?? {};
}

function headers({ headers: stated = {} }: HttpSettings): Manager {
  const { ServerHeaderTransformation } =
    envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
  return {
    ...(stated.server?.disabled
      ? { serverHeaderTransformation: ServerHeaderTransformation.PASS_THROUGH }
      : { serverName: stated.server?.value || 'istio-envoy' }),
    ...(stated.requestId?.disabled && { generateRequestId: { value: false } }),
    ...(stated.xForwardedPort?.enabled && { appendXForwardedPort: true }),
    ...(stated.preserveHttp1HeaderCase && { httpProtocolOptions: { headerKeyFormat: preserveCase() } }),
  };
}

export function preserveCase() {
  const { PreserveCaseFormatterConfig } = envoy.extensions.http.header_formatters.preserve_case.v3;
  return {
    statefulFormatter: {
      name: 'envoy.http.stateful_header_formatters.preserve_case',
      typedConfig: any(PreserveCaseFormatterConfig, {}),
    },
  };
}

import type { ClientTLSSettings, TrafficPolicy } from '#config';
import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import { isWildcard } from '../../model/host.js';
import type { Proxy } from '../../model/proxy.js';
import type { Resolution, Service, ServicePort } from '../../model/service.js';
import { isHttp } from '../../model/service.js';
import type { RuleView } from '../../model/traffic-policy.js';
import type { OutboundName } from '../common/names.js';
import { outboundSni } from '../common/names.js';
import { any, struct } from '../common/proto.js';
import { pickTrust } from '../common/tls-parameters.js';
import type { RequestName } from './protocol-options.js';
import type { ClientDefaults, MeshTlsPick, StatedTlsPick } from './upstream-tls.js';
import { meshSocket, statedSocket } from './upstream-tls.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;
type TransportSocket = envoy.config.core.v3.TransportSocket.$Properties;

/** How connections to a cluster are secured; without one they are plain. */
export type SecurityPick =
  | ({
      readonly kind: 'mesh';
      /** Only with endpoints that take it. */
      readonly automatic: boolean;
    } & MeshTlsPick)
  | ({ readonly kind: 'stated'; readonly requestName: RequestName } & StatedTlsPick);

interface Target {
  readonly service: Service;
  readonly resolution: Resolution;
  readonly port: ServicePort;
  readonly name: OutboundName;
  readonly http2: boolean;
}

/** TLS as the rule has it, mode DISABLE where it names none; without a rule's word that of the mesh, where it fits. */
export function pickSecurity(
  view: WorldView,
  proxy: Proxy,
  rule: RuleView,
  target: Target,
): SecurityPick | undefined {
  const { tls } = rule.policy;
  switch (tls?.mode) {
    case 'SIMPLE':
    case 'MUTUAL':
      return isForProxy(tls, proxy, rule) ? { ...stated(tls, target), ...clientDefaults(view) } : undefined;
    case 'ISTIO_MUTUAL':
      return { kind: 'mesh', automatic: false, ...ofMesh(view, proxy, tls, target) };
    default:
      return !tls && isAutomatic(view, proxy, target)
        ? { kind: 'mesh', automatic: true, ...ofMesh(view, proxy, {}, target) }
        : undefined;
  }
}

function isAutomatic(view: WorldView, proxy: Proxy, { service, resolution }: Target): boolean {
  // What an original destination takes nobody knows.
  if (service.meshExternal || resolution === 'ORIGINAL_DST') return false;
  return view.mesh().enableAutoMtls && view.takesMtls(service.host, proxy);
}

function ofMesh(view: WorldView, proxy: Proxy, tls: ClientTLSSettings, target: Target): MeshTlsPick {
  const { subjectAltNames = [] } = tls;
  const { name, http2, port } = target;
  return {
    trustDomain: view.mesh().trustDomain,
    ...pickTrust(view),
    sni: tls.sni || outboundSni(name),
    http2,
    ...(port.protocol === 'AUTO' && { sniffed: true }),
    accounts: subjectAltNames.length > 0 ? subjectAltNames : view.accounts(name.host, proxy),
  };
}

function clientDefaults(view: WorldView): { mesh?: ClientDefaults } {
  const { tlsDefaults: parameters, verifyCertificateAtClient } = view.mesh();
  if (!parameters && verifyCertificateAtClient) return {};
  return {
    mesh: { ...(parameters && { parameters }), ...(!verifyCertificateAtClient && { trustsAnybody: true }) },
  };
}

/**
 * A secret by name belongs to gateways, and to the workloads that a rule selects. For any other sidecar such a rule
 * says nothing about TLS: Istio lets what the application sends pass as it is.
 */
function isForProxy(tls: ClientTLSSettings, proxy: Proxy, { selective }: RuleView): boolean {
  return !tls.credentialName || proxy.type === 'router' || selective;
}

/**
 * Without an SNI of the rule's own, HTTP asks for the authority of each request, and other protocols for the host.
 * The server has to prove a name that the rule states, else one of the service's, else the one that it is asked for.
 */
function stated(tls: ClientTLSSettings, { service, port, http2 }: Target): SecurityPick {
  const autoSni = !tls.sni && (isHttp(port.protocol) || isWildcard(service.host));
  const sni = tls.sni || (autoSni ? '' : service.host);
  const known = [tls.subjectAltNames, service.subjectAltNames].find((names) => names?.length);
  const names = known ?? (sni ? [sni] : []);
  const autoSanValidation = autoSni && names.length === 0 && !tls.insecureSkipVerify;
  const requestName = isHttp(port.protocol)
    ? { ...(autoSni && { autoSni }), ...(autoSanValidation && { autoSanValidation }) }
    : {};
  return { kind: 'stated', tls, sni, names, http2, requestName };
}

/** The transport sockets of a cluster, each inside that of the PROXY protocol where a rule asks for it. */
export function security(
  pick: SecurityPick | undefined,
  proxyProtocol: TrafficPolicy['proxyProtocol'],
): Cluster {
  const within = (socket: TransportSocket): TransportSocket =>
    proxyProtocol ? announced(socket, proxyProtocol) : socket;
  // Without a socket Envoy speaks plain text.
  const plain = proxyProtocol && { transportSocket: within(rawBuffer()) };
  if (!pick) return { ...plain };
  if (pick.kind === 'stated') return { transportSocket: within(statedSocket(pick)) };
  const socket = within(meshSocket(pick));
  return pick.automatic
    ? { ...plain, transportSocketMatches: [forMeshEndpoints(socket)] }
    : { transportSocket: socket };
}

function forMeshEndpoints(
  transportSocket: TransportSocket,
): NonNullable<Cluster['transportSocketMatches']>[number] {
  return { name: 'tlsMode-istio', match: struct({ tlsMode: 'istio' }), transportSocket };
}

function rawBuffer(): TransportSocket {
  const { RawBuffer } = envoy.extensions.transport_sockets.raw_buffer.v3;
  return { name: 'envoy.transport_sockets.raw_buffer', typedConfig: any(RawBuffer, {}) };
}

function announced(
  transportSocket: TransportSocket,
  { version }: NonNullable<TrafficPolicy['proxyProtocol']>,
): TransportSocket {
  const { ProxyProtocolUpstreamTransport } = envoy.extensions.transport_sockets.proxy_protocol.v3;
  const { Version } = envoy.config.core.v3.ProxyProtocolConfig;
  const config = { version: version === 'V2' ? Version.V2 : Version.V1 };
  return {
    name: 'envoy.transport_sockets.upstream_proxy_protocol',
    typedConfig: any(ProxyProtocolUpstreamTransport, { config, transportSocket }),
  };
}

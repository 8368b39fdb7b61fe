import type { envoy, google } from '#common/proto/edge';
import { Duration, Timestamp } from '#expressions';
import { ipAddress, socketAddress } from './addresses.js';
import type { Attributes } from './bag.js';
import { addAll, setPresent } from './bag.js';
import { setCarried } from './carried.js';
import { principalOf } from './principal.js';
import type { Direction, Reporter } from './reporter.js';
import { shortFlags } from './response-flags.js';
import { serviceOfCluster, serviceOfHost } from './service-names.js';
import type { WorkloadDirectory } from './workload-directory.js';

type Common = envoy.data.accesslog.v3.AccessLogCommon.$Properties;
type Certificate = envoy.data.accesslog.v3.TLSProperties.CertificateProperties.$Properties;

/** Where ext_authz leaves what Mixer said about a request that it refused. */
export const AUTHORIZATION_METADATA = 'envoy.filters.http.ext_authz';
const RBAC_METADATA = 'envoy.filters.http.rbac';

/** The attributes that HTTP requests and TCP connections share. */
export function commonAttributes(
  common: Common,
  reporter: Reporter,
  directory: WorkloadDirectory,
): Attributes {
  const bag: Attributes = new Map();
  const direction = directionOf(common, reporter);
  addAll(bag, reporter.attributes);
  // First what the proxy was configured with, then what the request shows, which is nearer to the truth.
  setCarried(bag, common.customTags);
  if (direction === 'inbound') setInbound(bag, common, directory);
  else setOutbound(bag, common, directory);
  setTls(bag, common, direction);
  const remote = common.downstreamDirectRemoteAddress ?? common.downstreamRemoteAddress;
  setPresent(bag, 'origin.ip', ipAddress(socketAddress(common.downstreamRemoteAddress ?? remote)?.address));
  if (!bag.has('source.ip')) setPresent(bag, 'source.ip', ipAddress(socketAddress(remote)?.address));
  bag.set('context.proxy_error_code', shortFlags(common.responseFlags));
  setMetadata(bag, common);
  return bag;
}

function directionOf(common: Common, reporter: Reporter): Direction {
  const carried = common.customTags?.['context.reporter.kind'];
  return carried === 'inbound' || carried === 'outbound' ? carried : reporter.direction;
}

/** At the callee: the caller is who its certificate says. */
function setInbound(bag: Attributes, common: Common, directory: WorkloadDirectory): void {
  const principal = peerPrincipal(common.tlsProperties?.peerCertificateProperties);
  if (principal !== undefined) {
    addAll(bag, directory.ofPrincipal(principal)?.source ?? []);
    bag.set('source.principal', principal);
    bag.set('source.user', principal);
  }
  setDestinationAddress(bag, common.downstreamLocalAddress);
}

/** At the caller: the callee is who has the address that the request was sent to. */
function setOutbound(bag: Attributes, common: Common, directory: WorkloadDirectory): void {
  const upstream = socketAddress(common.upstreamRemoteAddress);
  if (upstream) addAll(bag, directory.ofAddress(upstream.address, upstream.port)?.destination ?? []);
  setDestinationAddress(bag, common.upstreamRemoteAddress);
  const service = serviceOfCluster(common.upstreamCluster ?? '');
  // What Envoy answers itself has no cluster; then the route's host, as carried, is the service that was meant.
  const host = service.length === 0 ? common.customTags?.['destination.service.host'] : undefined;
  addAll(bag, host ? serviceOfHost(host) : service);
}

function setDestinationAddress(bag: Attributes, address: Common['upstreamRemoteAddress']): void {
  const socket = socketAddress(address);
  if (!socket) return;
  setPresent(bag, 'destination.ip', ipAddress(socket.address));
  bag.set('destination.port', socket.port);
}

function setTls(bag: Attributes, common: Common, direction: Direction): void {
  const tls = common.tlsProperties;
  const peer = direction === 'inbound' ? bag.get('source.principal') : undefined;
  bag.set('connection.mtls', peer !== undefined);
  setPresent(bag, 'destination.principal', principalOfLocal(tls?.localCertificateProperties, direction));
  setPresent(bag, 'connection.requested_server_name', tls?.tlsSniHostname);
}

/** The local certificate of an accepted connection is the callee's; a caller's log knows only its own listener. */
function principalOfLocal(
  certificate: Certificate | null | undefined,
  direction: Direction,
): string | undefined {
  return direction === 'inbound' ? peerPrincipal(certificate) : undefined;
}

function peerPrincipal(certificate: Certificate | null | undefined): string | undefined {
  for (const name of certificate?.subjectAltName ?? []) {
    const principal = principalOf(name.uri);
    if (principal !== undefined) return principal;
  }
  return undefined;
}

function setMetadata(bag: Attributes, common: Common): void {
  const filters = common.metadata?.filterMetadata;
  if (!filters) return;
  const check = filters[AUTHORIZATION_METADATA]?.fields;
  const code = check?.['check.error_code']?.numberValue;
  if (typeof code === 'number') bag.set('check.error_code', code);
  setPresent(bag, 'check.error_message', check?.['check.error_message']?.stringValue);
  const rbac = filters[RBAC_METADATA]?.fields;
  setPresent(bag, 'rbac.permissive.response_code', rbac?.['shadow_engine_result']?.stringValue);
  setPresent(bag, 'rbac.permissive.effective_policy_id', rbac?.['shadow_effective_policy_id']?.stringValue);
}

export function durationOf(
  duration: google.protobuf.Duration.$Properties | null | undefined,
): Duration | undefined {
  return duration ? new Duration((duration.seconds ?? 0) * 1e9 + (duration.nanos ?? 0)) : undefined;
}

export function timestampOf(
  timestamp: google.protobuf.Timestamp.$Properties | null | undefined,
): Timestamp | undefined {
  return timestamp ? new Timestamp(timestamp.seconds ?? 0, timestamp.nanos ?? 0) : undefined;
}

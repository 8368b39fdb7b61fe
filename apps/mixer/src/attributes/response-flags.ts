import type { envoy } from '#common/proto/edge';

type Flags = envoy.data.accesslog.v3.ResponseFlags.$Properties;

/**
 * The short codes by which Envoy's text logs, and Istio's label response_flags, name what the access log service sends
 * as booleans; in the order in which Envoy prints them.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags
 */
const CODES: readonly (readonly [keyof Flags, string])[] = [
  ['failedLocalHealthcheck', 'LH'],
  ['noHealthyUpstream', 'UH'],
  ['upstreamRequestTimeout', 'UT'],
  ['localReset', 'LR'],
  ['upstreamRemoteReset', 'UR'],
  ['upstreamConnectionFailure', 'UF'],
  ['upstreamConnectionTermination', 'UC'],
  ['upstreamOverflow', 'UO'],
  ['noRouteFound', 'NR'],
  ['delayInjected', 'DI'],
  ['faultInjected', 'FI'],
  ['rateLimited', 'RL'],
  ['unauthorizedDetails', 'UAEX'],
  ['rateLimitServiceError', 'RLSE'],
  ['downstreamConnectionTermination', 'DC'],
  ['upstreamRetryLimitExceeded', 'URX'],
  ['streamIdleTimeout', 'SI'],
  ['invalidEnvoyRequestHeaders', 'IH'],
  ['downstreamProtocolError', 'DPE'],
  ['upstreamMaxStreamDurationReached', 'UMSDR'],
  ['responseFromCacheFilter', 'RFCF'],
  ['noFilterConfigFound', 'NFCF'],
  ['durationTimeout', 'DT'],
  ['upstreamProtocolError', 'UPE'],
  ['noClusterFound', 'NC'],
  ['overloadManager', 'OM'],
  ['dnsResolutionFailure', 'DF'],
  ['downstreamRemoteReset', 'DR'],
];

/** The codes of the flags that are set, joined by commas; `-` where none is. */
export function shortFlags(flags: Flags | null | undefined): string {
  if (!flags) return '-';
  const codes: string[] = [];
  for (const [field, code] of CODES) if (isSet(flags, field)) codes.push(code);
  return codes.length === 0 ? '-' : codes.join(',');
}

function isSet(flags: Flags, field: keyof Flags): boolean {
  // Of this one the presence of a message says that Envoy refused the request; its only reason is the auth service.
  return field === 'unauthorizedDetails' ? Boolean(flags.unauthorizedDetails?.reason) : flags[field] === true;
}

import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';
import type { AccessLogPick } from './access-log.js';
import { accessLogs } from './access-log.js';
import { httpFilters } from './http-filters.js';
import { inboundRoute } from './inbound-route.js';
import type { MixerCheck } from './mixer-check.js';

type Filter = envoy.config.listener.v3.Filter.$Properties;
type Manager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.$Properties;

/** What an HTTP connection manager is made of. */
export interface HttpPick {
  readonly statPrefix: string;
  /** `inbound` to the application, `outbound` from it, `gateway` at the edge of the mesh. */
  readonly side: 'inbound' | 'outbound' | 'gateway';
  /** Where clients prove themselves by certificates of their own world: what they say of others' is not passed on. */
  readonly foreignClients?: boolean;
  /** A route by RDS, or the inline one to an inbound cluster. */
  readonly route: { readonly rds: string } | { readonly cluster: string; readonly port: number };
  readonly logs: AccessLogPick;
  readonly check?: MixerCheck;
}

export function httpConnectionManager(pick: HttpPick): Filter {
  const { HttpConnectionManager } = envoy.extensions.filters.network.http_connection_manager.v3;
  const manager: Manager = {
    codecType: HttpConnectionManager.CodecType.AUTO,
    statPrefix: pick.statPrefix,
    ...routeSpecifier(pick),
    httpFilters: httpFilters(pick.check),
    accessLog: accessLogs(pick.logs),
    serverName: 'istio-envoy',
    streamIdleTimeout: { seconds: 0 },
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    normalizePath: { value: true },
    pathWithEscapedSlashesAction: HttpConnectionManager.PathWithEscapedSlashesAction.KEEP_UNCHANGED,
    ...peer(pick.side),
    ...(pick.foreignClients && { forwardClientCertDetails: SANITIZE }),
  };
  const typedConfig = any(HttpConnectionManager, manager);
  return { name: 'envoy.filters.network.http_connection_manager', typedConfig };
}

const SANITIZE =
  envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails
    .SANITIZE_SET;

function routeSpecifier({ route, check }: HttpPick): Manager {
  if ('cluster' in route) return { routeConfig: inboundRoute(route.cluster, route.port, check) };
  const resourceApiVersion = envoy.config.core.v3.ApiVersion.V3;
  const configSource = { ads: {}, initialFetchTimeout: { seconds: 0 }, resourceApiVersion };
  return { rds: { routeConfigName: route.rds, configSource } };
}

/** Whose word counts on where a request comes from: a gateway trusts nobody, a sidecar its mesh. */
function peer(side: HttpPick['side']): Manager {
  const { ForwardClientCertDetails } =
    envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
  const setCurrentClientCertDetails = { subject: { value: true }, uri: true, dns: true };
  switch (side) {
    case 'inbound':
      return {
        useRemoteAddress: { value: false },
        forwardClientCertDetails: ForwardClientCertDetails.APPEND_FORWARD,
        setCurrentClientCertDetails,
      };
    case 'gateway':
      return {
        useRemoteAddress: { value: true },
        forwardClientCertDetails: ForwardClientCertDetails.SANITIZE_SET,
        setCurrentClientCertDetails,
      };
    case 'outbound':
      return { useRemoteAddress: { value: false } };
  }
}

import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';
import { accessLogs } from './access-log.js';
import { httpFilters } from './http-filters.js';
import type { HttpPick } from './http-pick.js';
import { httpSettings } from './http-settings.js';
import { inboundRoute } from './inbound-route.js';
import { tracing } from './tracing.js';

type Filter = envoy.config.listener.v3.Filter.$Properties;
type Manager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.$Properties;

export function httpConnectionManager(pick: HttpPick): Filter {
  const { HttpConnectionManager } = envoy.extensions.filters.network.http_connection_manager.v3;
  const manager: Manager = {
    codecType: HttpConnectionManager.CodecType.AUTO,
    statPrefix: pick.statPrefix,
    ...routeSpecifier(pick),
    httpFilters: httpFilters(pick),
    accessLog: accessLogs(pick.logs),
    ...(pick.tracing && tracing(pick.tracing, pick.side)),
    streamIdleTimeout: { seconds: 0 },
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    ...httpSettings(pick.settings, pick.side),
    ...(pick.http10 && http10(pick)),
    ...(pick.foreignClients && { forwardClientCertDetails: SANITIZE }),
  };
  const typedConfig = any(HttpConnectionManager, manager);
  return { name: 'envoy.filters.network.http_connection_manager', typedConfig };
}

function http10({ settings, side }: HttpPick): Manager {
  return {
    httpProtocolOptions: { ...httpSettings(settings, side).httpProtocolOptions, acceptHttp_10: true },
  };
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

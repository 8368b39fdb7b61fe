import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';
import type { HttpPick } from './http-pick.js';
import { checkFilter } from './mixer-check.js';

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter.$Properties;

/**
 * The filters of every HTTP connection manager, in Istio's order: who may (Mixer's check), gRPC from browsers, what is counted, faults,
 * CORS, and the router as the last.
 */
export function httpFilters({ check, settings, grpcWeb }: HttpPick): HttpFilter[] {
  const router = settings.headers?.envoyDebugHeaders?.disabled ? { suppressEnvoyHeaders: true } : {};
  const http = envoy.extensions.filters.http;
  return [
    ...(check ? [checkFilter(check)] : []),
    ...(grpcWeb
      ? [{ name: 'envoy.filters.http.grpc_web', typedConfig: any(http.grpc_web.v3.GrpcWeb, {}) }]
      : []),
    {
      name: 'envoy.filters.http.grpc_stats',
      typedConfig: any(http.grpc_stats.v3.FilterConfig, {
        emitFilterState: true,
        statsForAllMethods: { value: false },
      }),
    },
    { name: 'envoy.filters.http.fault', typedConfig: any(http.fault.v3.HTTPFault, {}) },
    { name: 'envoy.filters.http.cors', typedConfig: any(http.cors.v3.Cors, {}) },
    { name: 'envoy.filters.http.router', typedConfig: any(http.router.v3.Router, router) },
  ];
}

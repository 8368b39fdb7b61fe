import type { envoy } from '#common/proto/envoy';
import { parseOutbound } from '../common/names.js';

type Route = envoy.config.route.v3.Route.$Properties;

/**
 * What a span of this route is called: `reviews.default.svc.cluster.local:9080/api*`, or by `otherwise`
 * (`<virtual service>:<port>`) where it does not lead to one service.
 */
export function routeOperation({ match, route }: Route, otherwise: string): string {
  const target = parseOutbound(route?.cluster ?? '');
  return `${target ? `${target.host}:${target.port}` : otherwise}${path(match ?? {})}`;
}

function path({ prefix, path, safeRegex }: NonNullable<Route['match']>): string {
  if (typeof path === 'string') return path;
  return safeRegex?.regex ?? `${prefix ?? '/'}*`;
}

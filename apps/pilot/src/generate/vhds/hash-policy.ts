import type { ConsistentHashLB } from '#config';
import type { envoy } from '#common/proto/envoy';
import { duration } from '../common/values.js';

type HashPolicy = envoy.config.route.v3.RouteAction.HashPolicy.$Properties;

/** What of a request decides which endpoint it goes to. */
export function hashPolicy(hash: ConsistentHashLB): HashPolicy[] {
  if (hash.httpHeaderName) return [{ header: { headerName: hash.httpHeaderName } }];
  if (hash.httpCookie) {
    const { name, path, ttl } = hash.httpCookie;
    return [{ cookie: { name, path: path ?? '', ...(ttl !== undefined && { ttl: duration(ttl) }) } }];
  }
  if (hash.useSourceIp) return [{ connectionProperties: { sourceIp: true } }];
  if (hash.httpQueryParameterName) return [{ queryParameter: { name: hash.httpQueryParameterName } }];
  return [];
}

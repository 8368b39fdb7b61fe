import type { ConsistentHashLB } from '#config';
import type { envoy } from '#common/proto/envoy';
import { duration } from '../common/values.js';
import type { RouteDestination } from './inputs.js';

type HashPolicy = envoy.config.route.v3.RouteAction.HashPolicy.$Properties;

/** What of a request decides which endpoint it goes to; where destinations differ in it, all of it together. */
export function hashPolicies(destinations: readonly RouteDestination[]): HashPolicy[] {
  const stated = destinations.flatMap(({ consistentHash }) => consistentHash ?? []);
  const distinct = new Map(stated.map((hash) => [JSON.stringify(hashPolicy(hash)), hash]));
  return [...distinct.values()].flatMap(hashPolicy);
}

function hashPolicy(hash: ConsistentHashLB): HashPolicy[] {
  if (hash.httpHeaderName) return [{ header: { headerName: hash.httpHeaderName } }];
  if (hash.httpCookie) {
    const { name, path = '', ttl, attributes = [] } = hash.httpCookie;
    const stated = attributes.map((attribute) => ({ name: attribute.name, value: attribute.value ?? '' }));
    return [{ cookie: { name, path, ...(ttl !== undefined && { ttl: duration(ttl) }), attributes: stated } }];
  }
  if (hash.useSourceIp) return [{ connectionProperties: { sourceIp: true } }];
  if (hash.httpQueryParameterName) return [{ queryParameter: { name: hash.httpQueryParameterName } }];
  return [];
}

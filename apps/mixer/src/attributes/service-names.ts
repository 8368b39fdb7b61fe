import type { StaticAttributes } from './bag.js';

const KUBERNETES_HOST = /^([^.]+)\.([^.]+)\.svc\./;
/** Envoy's clusters for traffic to no known service; Istio reports their names as the service's. */
const CATCH_ALL = new Set(['PassthroughCluster', 'BlackHoleCluster']);
/** Clusters come and go with the config; remembered are at most this many, then none. */
const CACHE_SIZE = 10_000;
const cache = new Map<string, StaticAttributes>();

/**
 * destination.service.* of a request that left by an upstream cluster of Istio's naming scheme,
 * `outbound|9080|v1|reviews.default.svc.cluster.local`. Empty for every other cluster.
 */
export function serviceOfCluster(cluster: string): StaticAttributes {
  let attributes = cache.get(cluster);
  if (attributes === undefined) {
    if (cache.size >= CACHE_SIZE) cache.clear();
    attributes = readCluster(cluster);
    cache.set(cluster, attributes);
  }
  return attributes;
}

function readCluster(cluster: string): StaticAttributes {
  if (CATCH_ALL.has(cluster)) return [['destination.service.name', cluster]];
  const [direction, , , host = ''] = cluster.split('|');
  return direction === 'outbound' && host !== '' ? serviceOfHost(host) : [];
}

/** destination.service.* of a service's full host name. */
export function serviceOfHost(host: string): StaticAttributes {
  const [, name, namespace] = KUBERNETES_HOST.exec(host) ?? [];
  if (name === undefined || namespace === undefined) {
    return [
      ['destination.service.host', host],
      ['destination.service.name', host],
    ];
  }
  return [
    ['destination.service.host', host],
    ['destination.service.name', name],
    ['destination.service.namespace', namespace],
    ['destination.service.uid', `istio://${namespace}/services/${name}`],
  ];
}

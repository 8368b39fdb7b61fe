import type { Origin, ResourceKey } from '#config';

/**
 * A unit is what a source hands over whole: a file, named by its path, or an object of a cluster, named by the cluster
 * and the resource's key. No path holds a NUL.
 */
export type Unit = string;

const MARK = '\0';
/** What stands for a cluster in an origin. */
const CLUSTER = 'cluster/';

export function objectUnit(cluster: string, key: ResourceKey): Unit {
  return `${MARK}${cluster}${MARK}${key}`;
}

/** The cluster and the key of an object; undefined for a file. */
export function splitUnit(unit: Unit): { readonly cluster: string; readonly key: ResourceKey } | undefined {
  if (!unit.startsWith(MARK)) return undefined;
  const [, cluster = '', key = ''] = unit.split(MARK);
  return { cluster, key };
}

/** The unit that a resource came from. Objects have a resourceVersion, files have none. */
export function unitOf(key: ResourceKey, { file, resourceVersion }: Origin): Unit {
  return resourceVersion === undefined ? file : objectUnit(file.slice(CLUSTER.length), key);
}

export function clusterFile(cluster: string): string {
  return `${CLUSTER}${cluster}`;
}

/**
 * Who has a key that several claim: the first. Files go before clusters, so that a folder beside a cluster is a layer
 * over it; files by path, clusters by name.
 */
export function byPrecedence(left: Unit, right: Unit): number {
  const kinds = Number(left.startsWith(MARK)) - Number(right.startsWith(MARK));
  return kinds || (left < right ? -1 : Number(left > right));
}

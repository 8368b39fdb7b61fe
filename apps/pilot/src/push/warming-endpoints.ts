import { envoy } from '#common/proto/envoy';
import type { Difference, Subscription } from '../ads/subscription.js';
import { contentVersion } from '../cache/index.js';
import type { XdsResource } from '../model/contract.js';

const { ClusterLoadAssignment } = envoy.config.endpoint.v3;

/** What is asked when endpoints are divided. */
export interface EndpointContext {
  readonly endpoints: Subscription;
  readonly clusters: Subscription | undefined;
  /** The client cannot say what it has from an earlier stream. */
  readonly sotw: boolean;
  /** The endpoints of a cluster that is gone, as they were last. */
  readonly last: (name: string) => XdsResource | undefined;
}

/**
 * Divides what a proxy is to be told of endpoints into what goes out now and the names that wait until nothing refers
 * to their clusters any more.
 *
 * A cluster that is new or changed waits for its endpoints, and Envoy answers to no further clusters, or on a new
 * stream asks for none, before it has them. So where a cluster waits whose endpoints have gone, something has to come
 * nevertheless, or all stands still (its patience has no end: initial_fetch_timeout is 0): what the cluster had before,
 * if that is known, since routes may lead to it for a moment; else the word that there is nothing.
 */
export function divideEndpoints(
  { upserts, removals, absent }: Difference,
  { endpoints, clusters, sotw, last }: EndpointContext,
): { readonly now: Difference; readonly later: readonly string[] } {
  const isOnItsWay = (name: string): boolean => clusters?.isOnItsWay(name) === true;
  const isSilent = endpoints.resumed && !clusters?.started;
  const [stale, unused] = partition(removals, (name) => endpoints.isStale(name) && isOnItsWay(name));
  const isDoubtful = (name: string): boolean => sotw && endpoints.resumed && !isSilent && !isOnItsWay(name);
  const [doubtful, sure] = partition(absent, isDoubtful);
  const waiting = [...stale, ...(sotw && endpoints.resumed ? sure : [])];
  const again = waiting.flatMap((name) => lastOf(endpoints, name) ?? last(name) ?? []);
  const known = new Set(again.map(({ name }) => name));
  return {
    now: {
      upserts: [...upserts, ...again],
      removals: stale.filter((name) => !known.has(name)),
      absent: sure.filter((name) => !known.has(name)),
    },
    later: [...unused, ...known, ...doubtful],
  };
}

/** As SotW says that a cluster has no endpoints. */
export function noEndpoints(clusterName: string): XdsResource {
  const value = ClusterLoadAssignment.encode({ clusterName }).finish();
  return { name: clusterName, version: contentVersion(value), value, sources: [] };
}

function lastOf({ held }: Subscription, name: string): XdsResource | undefined {
  const { value, sources = [] } = held.get(name) ?? {};
  return value && { name, version: contentVersion(value), value, sources };
}

function partition<T>(values: readonly T[], test: (value: T) => boolean): [T[], T[]] {
  return [values.filter(test), values.filter((value) => !test(value))];
}

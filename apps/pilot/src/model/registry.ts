import type { ResourceKey } from '#config';
import type { Labels } from './label-selector.js';
import type { Endpoint, Service } from './service.js';
import type { Workload } from './workload.js';

/** Who says what there is: a cluster, a Consul, the config itself. */
export interface RegistryId {
  /** `Kubernetes`, the name of a cluster; `External` for the config. */
  readonly id: string;
  /** Of two that know a service of one host and namespace, the lower states what can be stated only once. */
  readonly rank: number;
}

/** ServiceEntries and WorkloadEntries: anybody may write any host there, so everybody else goes first. */
export const CONFIG_REGISTRY: RegistryId = { id: 'External', rank: 1_000_000 };

/** Workloads of the service's namespace that are its endpoints, whichever registry knows them. */
export interface Selector {
  /** Never empty: nobody means everything. */
  readonly labels: Readonly<Record<string, string>>;
  /** Pods as well as WorkloadEntries. A Service of Kubernetes has its pods from its EndpointSlices. */
  readonly pods: boolean;
}

/** A service as one registry knows it. */
export interface RegisteredService {
  readonly service: Service;
  /** Those that take traffic. One that did not change is the same object as before. */
  readonly endpoints: readonly Endpoint[];
  /** Those that belong to it and take none: not ready yet, or about to end. */
  readonly idle: readonly Endpoint[];
  readonly selectors: readonly Selector[];
  /** Takes the traffic where no endpoint is known. */
  readonly fallback?: Endpoint;
}

/**
 * What became of services and workloads that one registry knows; what is not named stays as it was. A registry that
 * cannot be reached says nothing: what it said last holds.
 */
export interface RegistryChange {
  readonly kind: 'registry';
  readonly registry: RegistryId;
  /** By {@link serviceId}; undefined for one that is gone. */
  readonly services: ReadonlyMap<string, RegisteredService | undefined>;
  /** By key; undefined for one that is gone. */
  readonly workloads: ReadonlyMap<ResourceKey, Workload | undefined>;
  /** Labels by name, undefined for one that is gone: of registries that have namespaces of their own, as clusters have. */
  readonly namespaces?: ReadonlyMap<string, Labels | undefined>;
}

export function serviceId(namespace: string, host: string): string {
  return `${namespace}/${host}`;
}

export function splitServiceId(id: string): { readonly namespace: string; readonly host: string } {
  const at = id.indexOf('/');
  return { namespace: id.slice(0, at), host: id.slice(at + 1) };
}

export function isNothing({ services, workloads, namespaces }: RegistryChange): boolean {
  return services.size === 0 && workloads.size === 0 && !namespaces?.size;
}

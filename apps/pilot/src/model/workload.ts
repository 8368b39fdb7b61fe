import type { ResourceKey } from '#config';
import type { Endpoint } from './service.js';

type Labels = Readonly<Record<string, string>>;

/** What a workloadSelector may select and a proxy may stand beside: a WorkloadEntry, or a pod. */
export interface Workload {
  readonly key: ResourceKey;
  readonly kind: 'WorkloadEntry' | 'Pod';
  /** The registry that knows it; pods of two clusters may well have one name. */
  readonly registry: string;
  readonly namespace: string;
  readonly name: string;
  /** RFC 3339; empty where nobody knows. */
  readonly createdAt: string;
  readonly labels: Labels;
  /** By which its proxy is known where that does not name it; empty where others have its address, too. */
  readonly addresses: readonly string[];
  /** `region/zone/subzone`. */
  readonly locality: string;
  /** Where it runs, if that is a node of Kubernetes. */
  readonly node?: string;
  /** What it is for a service that selects it; undefined while it takes no traffic. */
  readonly endpoint: Endpoint | undefined;
}

/** Unique among the workloads of all registries. */
export function workloadId({ registry, key }: Workload): string {
  return `${registry} ${key}`;
}

export function matches(selector: Labels | undefined, labels: Labels): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}

export function olderFirst(a: Workload, b: Workload): number {
  return (
    compare(a.createdAt, b.createdAt) ||
    compare(a.name, b.name) ||
    compare(a.namespace, b.namespace) ||
    compare(workloadId(a), workloadId(b))
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

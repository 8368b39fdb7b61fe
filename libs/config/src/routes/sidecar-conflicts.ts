import type { Sidecar, WorkloadEntry } from '../kinds/networking.js';
import type { Resource } from '../resource.js';
import type { Finding } from './conflicts.js';
import { byAge } from './age.js';

type One = Resource<Sidecar>;
type Labels = Readonly<Record<string, string>>;

/** Sidecars of a namespace between which the older one decides: a workload has a single Sidecar. */
export function sidecarConflicts(resources: Iterable<Resource>): Finding[] {
  const all = [...resources];
  const workloads = all.filter(({ kind }) => kind === 'WorkloadEntry') as Resource<WorkloadEntry>[];
  const sidecars = (all.filter(({ kind }) => kind === 'Sidecar') as One[]).sort(byAge);
  return sidecars.flatMap((sidecar, n) => {
    const older = sidecars.slice(0, n).filter(({ namespace }) => namespace === sidecar.namespace);
    const selector = selectorOf(sidecar);
    return selector ? sameWorkload(sidecar, older, workloads) : sameNamespace(sidecar, older);
  });
}

function sameNamespace({ key, namespace }: One, older: readonly One[]): Finding[] {
  const first = older.find((other) => !selectorOf(other));
  if (!first) return [];
  const message = `Sidecar ${first.name} is for all workloads of namespace ${namespace} already, and stays`;
  return [{ code: 'sidecarsWithoutSelector', message, resource: key, path: ['spec'] }];
}

/** Selectors meet in a workload that is known, and where they are the same. */
function sameWorkload(
  sidecar: One,
  older: readonly One[],
  workloads: readonly Resource<WorkloadEntry>[],
): Finding[] {
  const labels = workloads
    .filter(({ namespace }) => namespace === sidecar.namespace)
    .map(({ labels, spec }) => ({ ...labels, ...spec.labels }));
  const mine = [selectorOf(sidecar) ?? {}, ...labels].filter((each) => selects(sidecar, each));
  const first = older.find((other) => selectorOf(other) && mine.some((each) => selects(other, each)));
  if (!first) return [];
  const message = `Sidecar ${first.name} selects some of these workloads already, and stays theirs`;
  const path = ['spec', 'workloadSelector'];
  return [{ code: 'sidecarSelectors', message, resource: sidecar.key, path }];
}

function selectorOf({ spec }: One): Labels | undefined {
  const labels = spec.workloadSelector?.labels ?? {};
  return Object.keys(labels).length > 0 ? labels : undefined;
}

function selects(sidecar: One, labels: Labels): boolean {
  return Object.entries(selectorOf(sidecar) ?? {}).every(([key, value]) => labels[key] === value);
}

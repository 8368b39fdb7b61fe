import type { ServiceEntry, WorkloadEntry } from '#config';
import { resourceKey } from '#config';
import { MultiMap, PersistentMap } from '#common/collections';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import { matches, workloadLabels } from '../../registries/static/endpoints.js';
import type { Edit } from './edit.js';

/**
 * ServiceEntries and WorkloadEntries, so held that either side of a workloadSelector finds the other without a walk
 * over all: both are filed under a label of their namespace.
 */
export class Entries {
  private constructor(private readonly tables: Tables) {}

  static readonly empty = new Entries({
    byHost: MultiMap.empty(),
    bySelector: MultiMap.empty(),
    workloads: PersistentMap.empty(),
    workloadsByLabel: MultiMap.empty(),
    workloadsByAddress: MultiMap.empty(),
  });

  /** The ServiceEntries of a host, older first. */
  ofHost(host: string): Config<ServiceEntry>[] {
    return sorted(this.tables.byHost.get(host));
  }

  workload(namespace: string, name: string): Config<WorkloadEntry> | undefined {
    return this.tables.workloads.get(resourceKey('networking.istio.io', 'WorkloadEntry', namespace, name));
  }

  workloadsAt(address: string): Config<WorkloadEntry>[] {
    return sorted(this.tables.workloadsByAddress.get(address));
  }

  selectedBy(entry: Config<ServiceEntry>): Config<WorkloadEntry>[] {
    const label = filedUnder(entry);
    if (!label) return [];
    const candidates = sorted(this.tables.workloadsByLabel.get(label));
    return candidates.filter((workload) => selects(entry, workload));
  }

  selecting(workload: Config<WorkloadEntry>): Config<ServiceEntry>[] {
    const candidates = labelsOf(workload).flatMap((label) => sorted(this.tables.bySelector.get(label)));
    return candidates.filter((entry) => selects(entry, workload));
  }

  withServiceEntry({ before, after }: Edit<ServiceEntry>): Entries {
    let { byHost, bySelector } = this.tables;
    for (const host of before?.spec.hosts ?? []) byHost = byHost.delete(host, before?.key ?? '');
    for (const host of after?.spec.hosts ?? []) if (after) byHost = byHost.set(host, after.key, after);
    const [old, label] = [before && filedUnder(before), after && filedUnder(after)];
    if (before && old) bySelector = bySelector.delete(old, before.key);
    if (after && label) bySelector = bySelector.set(label, after.key, after);
    return new Entries({ ...this.tables, byHost, bySelector });
  }

  withWorkload({ before, after }: Edit<WorkloadEntry>): Entries {
    let { workloads, workloadsByLabel, workloadsByAddress } = this.tables;
    if (before) {
      workloads = workloads.delete(before.key);
      for (const label of labelsOf(before)) workloadsByLabel = workloadsByLabel.delete(label, before.key);
      workloadsByAddress = workloadsByAddress.delete(before.spec.address ?? '', before.key);
    }
    if (after) {
      workloads = workloads.set(after.key, after);
      for (const label of labelsOf(after)) workloadsByLabel = workloadsByLabel.set(label, after.key, after);
      workloadsByAddress = workloadsByAddress.set(after.spec.address ?? '', after.key, after);
    }
    return new Entries({ ...this.tables, workloads, workloadsByLabel, workloadsByAddress });
  }
}

interface Tables {
  readonly byHost: MultiMap<Config<ServiceEntry>>;
  readonly bySelector: MultiMap<Config<ServiceEntry>>;
  readonly workloads: PersistentMap<Config<WorkloadEntry>>;
  readonly workloadsByLabel: MultiMap<Config<WorkloadEntry>>;
  readonly workloadsByAddress: MultiMap<Config<WorkloadEntry>>;
}

function sorted<Spec>(group: Iterable<readonly [string, Config<Spec>]>): Config<Spec>[] {
  return [...group].map(([, config]) => config).sort(byAge);
}

function filedUnder(entry: Config<ServiceEntry>): string | undefined {
  const [first] = Object.entries(entry.spec.workloadSelector?.labels ?? {}).sort();
  return first && `${entry.namespace}/${first[0]}=${first[1]}`;
}

function labelsOf(workload: Config<WorkloadEntry>): string[] {
  return Object.entries(workloadLabels(workload)).map(
    ([key, value]) => `${workload.namespace}/${key}=${value}`,
  );
}

function selects(entry: Config<ServiceEntry>, workload: Config<WorkloadEntry>): boolean {
  return (
    entry.namespace === workload.namespace &&
    matches(entry.spec.workloadSelector?.labels, workloadLabels(workload))
  );
}

import type { ResourceKey } from '#config';
import { MultiMap, PersistentMap } from '#common/collections';
import type { RegisteredService, RegistryId, Selector } from '../../model/registry.js';
import { serviceId, splitServiceId } from '../../model/registry.js';
import type { Workload } from '../../model/workload.js';
import { matches, olderFirst, workloadId } from '../../model/workload.js';

/** What one registry knows of a service. */
export interface Registration extends RegisteredService {
  readonly registry: RegistryId;
}

/**
 * What the registries know, so held that either side of a selector finds the other without a walk over all: both are
 * filed under a label of their namespace.
 */
export class Registrations {
  private constructor(private readonly tables: Tables) {}

  static readonly empty = new Registrations({
    byHost: MultiMap.empty(),
    bySelector: MultiMap.empty(),
    workloads: PersistentMap.empty(),
    byName: MultiMap.empty(),
    byLabel: MultiMap.empty(),
    byAddress: MultiMap.empty(),
  });

  ofHost(host: string): Registration[] {
    return values(this.tables.byHost.get(host));
  }

  /** The workloads of a name, older first. */
  named(namespace: string, name: string): Workload[] {
    return values(this.tables.byName.get(`${namespace}/${name}`)).sort(olderFirst);
  }

  /** Those that are known by this address, older first. */
  at(address: string): Workload[] {
    return values(this.tables.byAddress.get(address)).sort(olderFirst);
  }

  /** The workloads that a service selects, older first. */
  selectedBy({ service, selectors }: Registration): Workload[] {
    const found = selectors.flatMap((selector) =>
      values(this.tables.byLabel.get(filedUnder(service.namespace, selector))).filter((workload) =>
        selects(selector, workload),
      ),
    );
    return [...new Set(found)].sort(olderFirst);
  }

  /** The services that select a workload. */
  selecting(workload: Workload): Registration[] {
    const candidates = labelsOf(workload).flatMap((label) => values(this.tables.bySelector.get(label)));
    return candidates.filter(({ selectors }) => selectors.some((selector) => selects(selector, workload)));
  }

  withService(registry: RegistryId, id: string, registered: RegisteredService | undefined): Registrations {
    let { byHost, bySelector } = this.tables;
    const { host } = splitServiceId(id);
    const name = `${registry.id} ${id}`;
    const before = new Map(byHost.get(host)).get(name);
    const after = registered && { ...registered, registry };
    byHost = after ? byHost.set(host, name, after) : byHost.delete(host, name);
    for (const label of selectorLabels(before)) bySelector = bySelector.delete(label, name);
    for (const label of selectorLabels(after)) if (after) bySelector = bySelector.set(label, name, after);
    return new Registrations({ ...this.tables, byHost, bySelector });
  }

  /** Those that know services or workloads. */
  registries(): RegistryId[] {
    const { byHost, workloads } = this.tables;
    const byId = new Map<string, RegistryId>();
    // The rank counts for services alone.
    for (const { registry: id } of workloads.values()) byId.set(id, { id, rank: 0 });
    for (const host of byHost.keys())
      for (const { registry } of this.ofHost(host)) byId.set(registry.id, registry);
    return [...byId.values()];
  }

  /** What a registry knows, by the ids of services and the keys of workloads. Costs as much as there is. */
  of({ id }: RegistryId): {
    readonly services: ReadonlyMap<string, RegisteredService>;
    readonly workloads: ReadonlyMap<ResourceKey, Workload>;
  } {
    const { byHost, workloads } = this.tables;
    const services = [...byHost.keys()].flatMap((host) =>
      this.ofHost(host).flatMap(({ registry, ...registered }): [string, RegisteredService][] =>
        registry.id === id ? [[serviceId(registered.service.namespace, host), registered]] : [],
      ),
    );
    const own = [...workloads.values()].filter(({ registry }) => registry === id);
    return {
      services: new Map(services),
      workloads: new Map(own.map((workload) => [workload.key, workload])),
    };
  }

  workload(registry: RegistryId, key: ResourceKey): Workload | undefined {
    return this.tables.workloads.get(`${registry.id} ${key}`);
  }

  withWorkload(registry: RegistryId, key: ResourceKey, after: Workload | undefined): Registrations {
    const before = this.workload(registry, key);
    const without = before
      ? file(this.tables, before, (table, at) => table.delete(at, workloadId(before)))
      : this.tables;
    const tables = after
      ? file(without, after, (table, at) => table.set(at, workloadId(after), after))
      : without;
    const id = `${registry.id} ${key}`;
    const workloads = after ? tables.workloads.set(id, after) : tables.workloads.delete(id);
    return new Registrations({ ...tables, workloads });
  }
}

interface Tables {
  readonly byHost: MultiMap<Registration>;
  readonly bySelector: MultiMap<Registration>;
  readonly workloads: PersistentMap<Workload>;
  readonly byName: MultiMap<Workload>;
  readonly byLabel: MultiMap<Workload>;
  readonly byAddress: MultiMap<Workload>;
}

type Refile = (table: MultiMap<Workload>, at: string) => MultiMap<Workload>;

/** Does the same at every place where a workload is to be found. */
function file(tables: Tables, workload: Workload, refile: Refile): Tables {
  const { namespace, name, addresses } = workload;
  return {
    ...tables,
    byName: refile(tables.byName, `${namespace}/${name}`),
    byLabel: labelsOf(workload).reduce(refile, tables.byLabel),
    byAddress: addresses.reduce(refile, tables.byAddress),
  };
}

function values<V>(group: Iterable<readonly [string, V]>): V[] {
  return [...group].map(([, value]) => value);
}

function selectorLabels(registration: Registration | undefined): string[] {
  if (!registration) return [];
  const { selectors, service } = registration;
  return selectors.map((selector) => filedUnder(service.namespace, selector));
}

function filedUnder(namespace: string, { labels }: Selector): string {
  const [key = '', value = ''] = Object.entries(labels).sort()[0] ?? [];
  return `${namespace}/${key}=${value}`;
}

function labelsOf({ namespace, labels }: Workload): string[] {
  return Object.entries(labels).map(([key, value]) => `${namespace}/${key}=${value}`);
}

function selects({ labels, pods }: Selector, workload: Workload): boolean {
  return (pods || workload.kind !== 'Pod') && matches(labels, workload.labels);
}

import type { ServiceEntry, WorkloadEntry } from '#config';
import { MultiMap } from '#common/collections';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import { KIND, kindOf } from '../../model/kinds.js';
import type { RegisteredService, RegistryChange, Selector } from '../../model/registry.js';
import { CONFIG_REGISTRY, serviceId, splitServiceId } from '../../model/registry.js';
import type { Workload } from '../../model/workload.js';
import type { Edit } from '../../world/indexes/edit.js';
import type { Registry } from '../registry.js';
import { isSame } from '../unchanged.js';
import { inlineEndpoints, keepEndpoints, ownEndpoint } from './endpoints.js';
import { serviceOf } from './services.js';
import { workloadOf } from './workloads.js';

type EntryEdit = Edit<ServiceEntry | WorkloadEntry>;

/** The config as a registry: services by ServiceEntries, workloads by WorkloadEntries. */
export class StaticRegistry implements Registry<EntryEdit> {
  readonly id = CONFIG_REGISTRY;

  /** @param byService ServiceEntries by the services that they describe */
  private constructor(private readonly byService: MultiMap<Config<ServiceEntry>>) {}

  static readonly empty = new StaticRegistry(MultiMap.empty());

  apply(edits: readonly EntryEdit[]): { registry: StaticRegistry; change: RegistryChange } {
    let { byService } = this;
    const touched = new Set<string>();
    for (const { before, after } of edits.filter(isServiceEntry)) {
      if (before && after) keepEndpoints(before, after);
      for (const id of servicesOf(before)) byService = byService.delete(id, before?.key ?? '');
      for (const id of servicesOf(after)) if (after) byService = byService.set(id, after.key, after);
      for (const id of [...servicesOf(before), ...servicesOf(after)]) touched.add(id);
    }
    const registry = new StaticRegistry(byService);
    const changed = [...touched]
      .map((id) => [id, registry.service(id)] as const)
      .filter(([id, service]) => !isSame(this.service(id), service));
    const services = new Map(changed);
    return {
      registry,
      change: { kind: 'registry', registry: this.id, services, workloads: workloads(edits) },
    };
  }

  private service(id: string): RegisteredService | undefined {
    const { host } = splitServiceId(id);
    const entries = [...this.byService.get(id)].map(([, entry]) => entry).sort(byAge);
    const [first] = entries;
    const service = serviceOf(host, entries);
    if (!first || !service) return undefined;
    const fallback = ownEndpoint(host, first);
    return {
      service,
      endpoints: entries.flatMap(inlineEndpoints),
      idle: [],
      selectors: entries.flatMap(selectorOf),
      ...(fallback && { fallback }),
    };
  }
}

function selectorOf({ spec }: Config<ServiceEntry>): Selector[] {
  const labels = spec.workloadSelector?.labels ?? {};
  return Object.keys(labels).length > 0 ? [{ labels, pods: true }] : [];
}

function servicesOf(entry: Config<ServiceEntry> | undefined): string[] {
  return entry ? entry.spec.hosts.map((host) => serviceId(entry.namespace, host)) : [];
}

function workloads(edits: readonly EntryEdit[]): Map<string, Workload | undefined> {
  const changed = new Map<string, Workload | undefined>();
  for (const { before, after } of edits.filter(isWorkloadEntry)) {
    if (before) changed.set(before.key, undefined);
    if (after) changed.set(after.key, workloadOf(after));
  }
  return changed;
}

function isServiceEntry(edit: EntryEdit): edit is Edit<ServiceEntry> {
  return kindOf((edit.after ?? edit.before)?.key ?? '') === KIND.serviceEntry;
}

function isWorkloadEntry(edit: EntryEdit): edit is Edit<WorkloadEntry> {
  return kindOf((edit.after ?? edit.before)?.key ?? '') === KIND.workloadEntry;
}

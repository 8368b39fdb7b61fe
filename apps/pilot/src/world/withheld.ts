import { PersistentMap } from '#common/collections';
import { splitKey } from '#config';
import type { RegisteredService, RegistryChange, RegistryId } from '../model/registry.js';
import { CONFIG_REGISTRY, splitServiceId } from '../model/registry.js';
import type { Workload } from '../model/workload.js';
import type { Registrations } from './indexes/registrations.js';
import type { NamespaceScope } from './namespace-scope.js';

/** What one registry says of namespaces of which no notice is taken. */
interface Share {
  readonly registry: RegistryId;
  readonly services: PersistentMap<RegisteredService>;
  readonly workloads: PersistentMap<Workload>;
}

interface Names {
  readonly services: Set<string>;
  readonly workloads: Set<string>;
}

/**
 * What registries say of namespaces of which no notice is taken, kept for the day when some is: a registry does not say
 * it again. Immutable. Config is not kept here, nor what it registers: the world holds all config anyway.
 */
export class Withheld {
  private constructor(private readonly shares: ReadonlyMap<string, Share>) {}

  static readonly nothing = new Withheld(new Map());

  /** Keeps back what the scope does not cover; the rest goes on. Costs what the change names. */
  admit(change: RegistryChange, scope: NamespaceScope): { withheld: Withheld; change: RegistryChange } {
    if (scope.isUnlimited && this.shares.size === 0) return { withheld: this, change };
    const { registry } = change;
    let { services, workloads } = this.share(registry);
    const [through, at] = [new Map(change.services), new Map(change.workloads)];
    for (const [id, service] of change.services) {
      services = service ? services.set(id, service) : services.delete(id);
      if (scope.covers(registry, splitServiceId(id).namespace)) services = services.delete(id);
      else through.set(id, undefined);
    }
    for (const [key, workload] of change.workloads) {
      workloads = workload ? workloads.set(key, workload) : workloads.delete(key);
      if (scope.covers(registry, splitKey(key).namespace)) workloads = workloads.delete(key);
      else at.set(key, undefined);
    }
    const withheld = this.with({ registry, services, workloads });
    return { withheld, change: { ...change, services: through, workloads: at } };
  }

  /** What becomes of what is known when another scope counts. Costs as much as there is. */
  rescope(
    known: Registrations,
    scope: NamespaceScope,
  ): { withheld: Withheld; changes: readonly RegistryChange[] } {
    const changes: RegistryChange[] = [];
    const shares = this.registries(known).map((registry): Share => {
      const share = this.share(registry);
      const inForce = known.of(registry);
      const moved = movedBy(registry, scope, inForce, share);
      changes.push({
        ...{ kind: 'registry', registry },
        services: new Map([...moved.services].map((id) => [id, share.services.get(id)])),
        workloads: new Map([...moved.workloads].map((key) => [key, share.workloads.get(key)])),
      });
      return {
        registry,
        services: swapped(share.services, inForce.services, moved.services),
        workloads: swapped(share.workloads, inForce.workloads, moved.workloads),
      };
    });
    return { withheld: shares.reduce<Withheld>((all, share) => all.with(share), this), changes };
  }

  private registries(known: Registrations): RegistryId[] {
    const all = [...known.registries(), ...[...this.shares.values()].map(({ registry }) => registry)];
    const byId = new Map(all.map((registry) => [registry.id, registry]));
    byId.delete(CONFIG_REGISTRY.id);
    return [...byId.values()];
  }

  private share(registry: RegistryId): Share {
    const [services, workloads] = [PersistentMap.empty<never>(), PersistentMap.empty<never>()];
    return this.shares.get(registry.id) ?? { registry, services, workloads };
  }

  private with(share: Share): Withheld {
    const shares = new Map(this.shares);
    if (share.services.size === 0 && share.workloads.size === 0) shares.delete(share.registry.id);
    else shares.set(share.registry.id, share);
    return new Withheld(shares);
  }
}

type Held = ReturnType<Registrations['of']>;

/** Those that are in force and must not be, and those that are not and must. */
function movedBy(registry: RegistryId, scope: NamespaceScope, inForce: Held, share: Share): Names {
  const covers = (namespace: string): boolean => scope.covers(registry, namespace);
  const isService = (id: string): boolean => covers(splitServiceId(id).namespace);
  const isWorkload = (key: string): boolean => covers(splitKey(key).namespace);
  return {
    services: new Set([
      ...[...inForce.services.keys()].filter((id) => !isService(id)),
      ...[...share.services.keys()].filter(isService),
    ]),
    workloads: new Set([
      ...[...inForce.workloads.keys()].filter((key) => !isWorkload(key)),
      ...[...share.workloads.keys()].filter(isWorkload),
    ]),
  };
}

function swapped<V>(
  kept: PersistentMap<V>,
  inForce: ReadonlyMap<string, V>,
  moved: ReadonlySet<string>,
): PersistentMap<V> {
  return [...moved].reduce((map, name) => {
    const value = inForce.get(name);
    return value === undefined ? map.delete(name) : map.set(name, value);
  }, kept);
}

import type { Origin, Resource, ResourceKey } from '#config';

/** A resource with the place it was written at, for diagnostics. */
export interface ConfigEntry<Spec = unknown> {
  readonly resource: Resource<Spec>;
  readonly origin: Origin;
}

export type ConfigEntries = ReadonlyMap<ResourceKey, ConfigEntry>;

/** The group of the kinds that only the original Istio had. */
export const MIXER_GROUP = 'config.istio.io';
/** Istio's root namespace: rules here hold for requests of every namespace. */
export const DEFAULT_NAMESPACE = 'istio-system';

/** Whether Mixer reads such resources at all. */
export function isRelevant(group: string, kind: string): boolean {
  if (group === MIXER_GROUP) return true;
  return group === 'networking.istio.io' && (kind === 'WorkloadEntry' || kind === 'ServiceEntry');
}

/** The resources of one kind of Mixer's group, in the order of their keys: a snapshot does not depend on history. */
export function entriesOfKind<Spec>(entries: ConfigEntries, kind: string): ConfigEntry<Spec>[] {
  const found = [...entries.values()].filter(
    ({ resource }) => resource.group === MIXER_GROUP && resource.kind === kind,
  ) as ConfigEntry<Spec>[];
  return found.sort((a, b) => (a.resource.key < b.resource.key ? -1 : 1));
}

/** `NAME.KIND.NAMESPACE`, what references and messages call a resource by. */
export function fullName({ name, kind, namespace }: Resource): string {
  return `${name}.${kind}.${namespace}`;
}

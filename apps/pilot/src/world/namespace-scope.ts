import { PersistentMap } from '#common/collections';
import type { LabelSelector, ResourceKey } from '#config';
import { MESH_CONFIG_KEY, splitKey } from '#config';
import type { Labels } from '../model/label-selector.js';
import { selectsLabels } from '../model/label-selector.js';
import type { RegistryChange, RegistryId } from '../model/registry.js';

/** A registry that has namespaces of its own, as clusters have; none are known where they may not be read. */
interface Cluster {
  readonly registry: RegistryId;
  readonly namespaces: PersistentMap<Labels>;
}

/** The label that Kubernetes gives every namespace by itself. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * The namespaces whose services and config Pilot takes notice of: MeshConfig's `discoverySelectors`. A registry's
 * services go by the labels that this registry states; config by those of the first that states any, which is the
 * cluster that the config is in. Where there is no cluster, a namespace has its name as the one label. A cluster whose
 * namespaces nobody may read counts whole: config must not empty the mesh for want of a permission. Immutable.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-discovery_selectors
 */
export class NamespaceScope {
  private constructor(
    private readonly selectors: readonly LabelSelector[],
    /** By the ids of their registries. */
    private readonly clusters: ReadonlyMap<string, Cluster>,
  ) {}

  /** No selectors: every namespace counts. */
  static readonly everything = new NamespaceScope([], new Map());

  get isUnlimited(): boolean {
    return this.selectors.length === 0;
  }

  selecting(selectors: readonly LabelSelector[]): NamespaceScope {
    if (JSON.stringify(selectors) === JSON.stringify(this.selectors)) return this;
    return new NamespaceScope(selectors, this.clusters);
  }

  /** Takes in what a registry says of namespaces; the same object where it says nothing. */
  told({ registry, namespaces }: RegistryChange): NamespaceScope {
    const before = this.clusters.get(registry.id);
    if (!namespaces || (before && namespaces.size === 0)) return this;
    let now = before?.namespaces ?? PersistentMap.empty<Labels>();
    for (const [name, labels] of namespaces) now = labels ? now.set(name, labels) : now.delete(name);
    const clusters = new Map(this.clusters).set(registry.id, { registry, namespaces: now });
    return new NamespaceScope(this.selectors, clusters);
  }

  /** Whether what a registry says of a namespace counts. */
  covers(registry: RegistryId, namespace: string): boolean {
    return this.isUnlimited || this.selects(this.clusters.get(registry.id), namespace);
  }

  /** Whether the config of a namespace counts. */
  coversConfig(namespace: string): boolean {
    return this.isUnlimited || this.selects(this.first, namespace);
  }

  /** The same for a resource by its key. The mesh's own settings always count: the selectors are among them. */
  coversKey(key: ResourceKey): boolean {
    return this.isUnlimited || key === MESH_CONFIG_KEY || this.coversConfig(splitKey(key).namespace);
  }

  /** The clusters that are known by their namespaces, that which Pilot is in or beside before others. */
  get clusterIds(): readonly string[] {
    return this.byRank.map(({ registry }) => registry.id);
  }

  /** Whether another scope, that came of this one by a change at most, may cover other namespaces. */
  differs(other: NamespaceScope, change?: RegistryChange): boolean {
    if (other.selectors !== this.selectors) return true;
    if (other === this || this.isUnlimited || !change?.namespaces) return false;
    const { registry, namespaces } = change;
    const others = (cluster: Cluster | undefined): boolean => (cluster?.namespaces.size ?? 0) === 0;
    if (others(this.clusters.get(registry.id)) || others(other.clusters.get(registry.id))) return true;
    return [...namespaces.keys()].some(
      (name) => this.covers(registry, name) !== other.covers(registry, name),
    );
  }

  private get first(): Cluster | undefined {
    return this.byRank[0];
  }

  private get byRank(): Cluster[] {
    return [...this.clusters.values()].sort(
      ({ registry: a }, { registry: b }) => a.rank - b.rank || (a.id < b.id ? -1 : 1),
    );
  }

  private selects(cluster: Cluster | undefined, namespace: string): boolean {
    if (cluster?.namespaces.size === 0) return true;
    const labels = cluster ? cluster.namespaces.get(namespace) : { [NAME_LABEL]: namespace };
    return labels !== undefined && this.selectors.some((selector) => selectsLabels(selector, labels));
  }
}

import { MultiMap, PersistentMap } from '#common/collections';
import type { ObjectKey } from '#common/kube';
import type { Surroundings } from './endpoints.js';
import type {
  Kept,
  KeptType,
  KubeEdit,
  KubeNamespace,
  KubeNode,
  KubePod,
  KubeService,
  KubeSlice,
} from './objects.js';
import { splitKey } from './services.js';

/** Whose meaning may have changed. */
export interface Touched {
  readonly services: Set<ObjectKey>;
  readonly slices: Set<ObjectKey>;
  readonly pods: Set<ObjectKey>;
  readonly namespaces: Set<ObjectKey>;
}

type Stores = { readonly [T in KeptType]: PersistentMap<Kept[T]> };

/** Ways from an object to those whose meaning depends on it. */
interface Ways {
  /** Slices by the key of their service, of a pod in them, of a node in them. */
  readonly slicesOf: MultiMap<true>;
  readonly slicesAt: MultiMap<true>;
  readonly slicesOn: MultiMap<true>;
  readonly podsOn: MultiMap<true>;
}

/** The label of this namespace says which network a cluster is in. */
const SYSTEM_NAMESPACE: ObjectKey = '/istio-system';

/** The objects of a cluster, as far as they are in use. Immutable. */
export class Objects implements Surroundings {
  private constructor(
    readonly cluster: string,
    private readonly stores: Stores,
    private readonly ways: Ways,
  ) {}

  static empty(cluster: string): Objects {
    const none = PersistentMap.empty<never>();
    const nowhere = MultiMap.empty<true>();
    return new Objects(
      cluster,
      { services: none, endpointslices: none, pods: none, nodes: none, namespaces: none },
      { slicesOf: nowhere, slicesAt: nowhere, slicesOn: nowhere, podsOn: nowhere },
    );
  }

  get services(): PersistentMap<KubeService> {
    return this.stores.services;
  }

  get slices(): PersistentMap<KubeSlice> {
    return this.stores.endpointslices;
  }

  get pods(): PersistentMap<KubePod> {
    return this.stores.pods;
  }

  get namespaces(): PersistentMap<KubeNamespace> {
    return this.stores.namespaces;
  }

  get network(): string {
    return this.stores.namespaces.get(SYSTEM_NAMESPACE)?.network ?? '';
  }

  pod(key: ObjectKey): KubePod | undefined {
    return this.pods.get(key);
  }

  node(name: string): KubeNode | undefined {
    return this.stores.nodes.get(`/${name}`);
  }

  keys(type: KeptType): Iterable<ObjectKey> {
    return this.stores[type].keys();
  }

  *edits(): IterableIterator<KubeEdit> {
    for (const type of Object.keys(this.stores) as KeptType[])
      for (const [key, object] of this.stores[type]) yield { type, key, object } as KubeEdit;
  }

  /** The slices of a service, in the order of their names. */
  slicesOf(service: ObjectKey): ObjectKey[] {
    return ids(this.ways.slicesOf, service).sort();
  }

  /** Takes one edit in, and names what it touches; one that says nothing new touches nothing. */
  edit(edit: KubeEdit, touched: Touched): Objects {
    const { type, key, object } = edit;
    const before = this.stores[type].get(key);
    if (JSON.stringify(before) === JSON.stringify(object)) return this;
    this.touch(edit, touched);
    const store = this.stores[type] as PersistentMap<unknown>;
    const stores = { ...this.stores, [type]: object ? store.set(key, object) : store.delete(key) };
    return new Objects(this.cluster, stores, this.rerouted(edit));
  }

  private touch({ type, key, object }: KubeEdit, touched: Touched): void {
    const add = (set: Set<ObjectKey>, way: MultiMap<true>, from: string): void => {
      for (const id of ids(way, from)) set.add(id);
    };
    const { slicesOf, slicesAt, slicesOn, podsOn } = this.ways;
    switch (type) {
      case 'services':
        touched.services.add(key);
        return add(touched.slices, slicesOf, key);
      case 'endpointslices':
        touched.slices.add(key);
        // A slice that leaves its service takes its endpoints along.
        for (const slice of [this.slices.get(key), object])
          if (slice) touched.services.add(ownerOf(key, slice));
        return;
      case 'pods':
        touched.pods.add(key);
        return add(touched.slices, slicesAt, key);
      case 'nodes':
        add(touched.slices, slicesOn, key);
        for (const pod of ids(podsOn, key)) {
          touched.pods.add(pod);
          add(touched.slices, slicesAt, pod);
        }
        return;
      case 'namespaces':
        touched.namespaces.add(key);
        if (key !== SYSTEM_NAMESPACE || this.network === (object?.network ?? '')) return;
        for (const pod of this.pods.keys()) touched.pods.add(pod);
        for (const slice of this.slices.keys()) touched.slices.add(slice);
    }
  }

  private rerouted({ type, key, object }: KubeEdit): Ways {
    if (type === 'pods') {
      const podsOn = moved(this.ways.podsOn, key, nodesOf(this.pods.get(key)), nodesOf(object));
      return { ...this.ways, podsOn };
    }
    if (type !== 'endpointslices') return this.ways;
    const before = this.slices.get(key);
    const from = (way: MultiMap<true>, of: (slice: KubeSlice) => string[]): MultiMap<true> =>
      moved(way, key, before ? of(before) : [], object ? of(object) : []);
    const { namespace } = splitKey(key);
    return {
      ...this.ways,
      slicesOf: from(this.ways.slicesOf, (slice) => [ownerOf(key, slice)]),
      slicesAt: from(this.ways.slicesAt, ({ endpoints }) =>
        endpoints.flatMap(({ pod }) => (pod === undefined ? [] : [`${namespace}/${pod}`])),
      ),
      slicesOn: from(this.ways.slicesOn, ({ endpoints }) =>
        endpoints.flatMap(({ node }) => (node === undefined ? [] : [`/${node}`])),
      ),
    };
  }
}

function ids(way: MultiMap<true>, from: string): string[] {
  return [...way.get(from)].map(([id]) => id);
}

/** The key of a slice's Service. */
export function ownerOf(key: ObjectKey, { service }: KubeSlice): ObjectKey {
  return `${splitKey(key).namespace}/${service}`;
}

function nodesOf(pod: KubePod | undefined): string[] {
  return pod?.node ? [`/${pod.node}`] : [];
}

function moved(
  way: MultiMap<true>,
  id: ObjectKey,
  before: readonly string[],
  after: readonly string[],
): MultiMap<true> {
  const [old, next] = [new Set(before), new Set(after)];
  let filed = way;
  for (const from of old) if (!next.has(from)) filed = filed.delete(from, id);
  for (const from of next) if (!old.has(from)) filed = filed.set(from, id, true);
  return filed;
}

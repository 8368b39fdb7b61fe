import { PersistentMap } from '#common/collections';
import type { ObjectKey } from '#common/kube';
import { resourceKey, type ResourceKey } from '#config';
import type { Labels } from '../../model/label-selector.js';
import type { RegisteredService, RegistryChange, RegistryId } from '../../model/registry.js';
import type { Endpoint } from '../../model/service.js';
import type { Workload } from '../../model/workload.js';
import type { Registry } from '../registry.js';
import { isSame, reuse } from '../unchanged.js';
import { NO_ENDPOINTS, sliceEndpoints, workloadOf, type SliceEndpoints } from './endpoints.js';
import type { KeptType, KubeEdit } from './objects.js';
import { Objects, ownerOf, type Touched } from './object-store.js';
import { idOf, registeredAs, splitKey } from './services.js';

interface Derived {
  /** By the key of their slice. */
  readonly endpoints: PersistentMap<SliceEndpoints>;
  /** By the key of their pod. */
  readonly workloads: PersistentMap<Workload>;
}

/** A cluster of Kubernetes as a registry: services by Services and EndpointSlices, workloads by pods. */
export class KubernetesRegistry implements Registry<KubeEdit> {
  private constructor(
    readonly id: RegistryId,
    private readonly objects: Objects,
    private readonly derived: Derived,
  ) {}

  static empty(id: RegistryId): KubernetesRegistry {
    const derived = { endpoints: PersistentMap.empty<never>(), workloads: PersistentMap.empty<never>() };
    return new KubernetesRegistry(id, Objects.empty(id.id), derived);
  }

  /** What there is of a type, as it was told. */
  keys(type: KeptType): Iterable<ObjectKey> {
    return this.objects.keys(type);
  }

  /** All that it was told and that still holds: the same again, for a registry that knows nothing. */
  edits(): Iterable<KubeEdit> {
    return this.objects.edits();
  }

  apply(edits: readonly KubeEdit[]): { registry: KubernetesRegistry; change: RegistryChange } {
    const touched: Touched = {
      services: new Set(),
      slices: new Set(),
      pods: new Set(),
      namespaces: new Set(),
    };
    let { objects } = this;
    for (const edit of edits) objects = objects.edit(edit, touched);
    const endpoints = this.refreshedEndpoints(objects, touched);
    const { workloads, changed } = this.refreshedWorkloads(objects, touched.pods);
    const registry = new KubernetesRegistry(this.id, objects, { endpoints, workloads });
    const services = [...touched.services].flatMap((key): [string, RegisteredService | undefined][] => {
      const [before, after] = [this.registered(key), registry.registered(key)];
      return isSame(before, after) ? [] : [[idOf(key), after]];
    });
    const namespaces = labelsChanged(this.objects, objects, touched.namespaces);
    return {
      registry,
      change: {
        ...{ kind: 'registry', registry: this.id },
        ...{ services: new Map(services), workloads: changed, namespaces },
      },
    };
  }

  /** Endpoints of the slices that may have changed; names their services as well. */
  private refreshedEndpoints(objects: Objects, { slices, services }: Touched): PersistentMap<SliceEndpoints> {
    let { endpoints } = this.derived;
    for (const key of slices) {
      const slice = objects.slices.get(key);
      if (!slice) {
        endpoints = endpoints.delete(key);
        continue;
      }
      const owner = ownerOf(key, slice);
      services.add(owner);
      const found = sliceEndpoints(key, slice, objects.services.get(owner), objects);
      endpoints = endpoints.set(key, reused(this.endpointsOf(owner), found));
    }
    return endpoints;
  }

  /** All endpoints of a service, those that are left out included. */
  private endpointsOf(service: ObjectKey): Endpoint[] {
    return this.objects.slicesOf(service).flatMap((key) => {
      const { ready, draining, idle } = this.derived.endpoints.get(key) ?? NO_ENDPOINTS;
      return [...ready, ...draining, ...idle];
    });
  }

  private refreshedWorkloads(objects: Objects, pods: ReadonlySet<ObjectKey>) {
    let { workloads } = this.derived;
    const changed = new Map<ResourceKey, Workload | undefined>();
    for (const key of pods) {
      const pod = objects.pods.get(key);
      const before = workloads.get(key);
      const after = pod && workloadOf(key, pod, objects);
      if (JSON.stringify(before) === JSON.stringify(after)) continue;
      workloads = after ? workloads.set(key, after) : workloads.delete(key);
      const { namespace, name } = splitKey(key);
      changed.set(resourceKey('', 'Pod', namespace, name), after);
    }
    return { workloads, changed };
  }

  /**
   * Endpoints that are about to end take traffic where there are no others, as they do without a mesh.
   *
   * @see https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-policies
   */
  private registered(key: ObjectKey): RegisteredService | undefined {
    const object = this.objects.services.get(key);
    if (!object) return undefined;
    const parts = this.objects
      .slicesOf(key)
      .map((slice) => this.derived.endpoints.get(slice) ?? NO_ENDPOINTS);
    const all = (of: (part: SliceEndpoints) => readonly Endpoint[]): Endpoint[] =>
      distinct(parts.flatMap(of));
    const [ready, draining, idle] = [
      all((part) => part.ready),
      all((part) => part.draining),
      all((part) => part.idle),
    ];
    const taking = ready.length > 0 ? ready : draining;
    const others = distinct([...taking, ...draining, ...idle]).slice(taking.length);
    return { ...registeredAs(this.id, key, object), endpoints: taking, idle: others };
  }
}

/** The labels of those namespaces that have others than before, by name. */
function labelsChanged(before: Objects, after: Objects, touched: ReadonlySet<ObjectKey>) {
  const changed = [...touched].flatMap((key): [string, Labels | undefined][] => {
    const [old, now] = [before, after].map((objects) => objects.namespaces.get(key)?.labels);
    return JSON.stringify(old) === JSON.stringify(now) ? [] : [[splitKey(key).name, now]];
  });
  return new Map(changed);
}

function reused(known: readonly Endpoint[], { ready, draining, idle }: SliceEndpoints): SliceEndpoints {
  return { ready: reuse(known, ready), draining: reuse(known, draining), idle: reuse(known, idle) };
}

/** An endpoint that moves from one slice to another may be in both for a moment: the first counts. */
function distinct(endpoints: readonly Endpoint[]): Endpoint[] {
  const seen = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const place = `${endpoint.address} ${JSON.stringify(endpoint.ports)}`;
    if (!seen.has(place)) seen.set(place, endpoint);
  }
  return [...seen.values()];
}

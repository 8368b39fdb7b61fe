import type { Sidecar } from '#config';
import type { Config } from '../model/config.js';
import type { Fact } from '../model/contract.js';
import { recordedMesh } from '../model/mesh-settings.js';
import type { Mesh } from '../model/mesh.js';
import type { Proxy } from '../model/proxy.js';
import { fact } from './facts.js';
import type { Indexes } from './indexes/indexes.js';
import { ownSidecar, type SidecarFact } from './own-sidecar.js';
import { RecordedScope } from './recorded-scope.js';
import { Seen } from './seen.js';
import type { Environment, SidecarFrame } from './view.js';

/** From where the world is looked at: whose Sidecar limits what is seen, and who hears of the facts that were asked. */
export abstract class Viewpoint {
  private known: RecordedScope | undefined;
  private readonly recordedMesh: Mesh;

  /** @param viewer whose Sidecar limits what is seen; without one everything is */
  constructor(
    readonly environment: Environment,
    protected readonly indexes: Indexes,
    protected readonly record: (fact: Fact) => void,
    protected readonly clusters: readonly string[] = [],
    protected readonly viewer?: Proxy,
    protected readonly seen: Seen = Seen.nothing(),
  ) {
    this.recordedMesh = recordedMesh(indexes.mesh.mesh, (settings) => record(fact.mesh(settings)));
  }

  /** Found on first use: where there is nothing to choose, whom the Sidecar selects need not be asked. */
  protected get scope(): RecordedScope {
    return (this.known ??= this.viewerScope());
  }

  private viewerScope(): RecordedScope {
    const { viewer } = this;
    if (!viewer || viewer.type === 'router') return RecordedScope.everything;
    return RecordedScope.of(this.ownSidecar(viewer, fact.sidecarFrames), viewer, this.record);
  }

  sidecar(proxy: Proxy): Config<Sidecar> | undefined {
    return this.ownSidecar(proxy, fact.sidecars);
  }

  sidecarFrame(proxy: Proxy): SidecarFrame | undefined {
    return this.ownSidecar(proxy, fact.sidecarFrames)?.spec;
  }

  private ownSidecar(proxy: Proxy, about: SidecarFact): Config<Sidecar> | undefined {
    const { sidecars } = this.indexes;
    return ownSidecar(sidecars, this.record, proxy, () => this.mesh().rootNamespace, about);
  }

  /** Records what of `everything` the scope looks at. */
  protected watch(
    everything: Fact,
    inNamespace: (namespace: string) => Fact,
    ofHost: (host: string) => Fact,
  ): void {
    const { extent } = this.scope;
    if (extent.everything) return this.record(everything);
    for (const namespace of extent.namespaces) this.record(inNamespace(namespace));
    for (const host of extent.hosts) this.record(ofHost(host));
  }

  mesh(): Mesh {
    return this.recordedMesh;
  }
}

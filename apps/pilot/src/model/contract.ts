import type { ConfigChange } from '#common/config-log';
import type { Diagnostic, Origin, ResourceKey } from '#config';
import type { Figures } from '../world/figures.js';
import type { WorldView } from '../world/view.js';
import type { Config } from './config.js';
import type { CredentialChange } from './credential.js';
import type { Mesh } from './mesh.js';
import type { Proxy } from './proxy.js';
import type { RegistryChange } from './registry.js';
import type { Endpoint, Service } from './service.js';

/**
 * A fact is the smallest thing about the world that can change and that a resource can depend on, written as a
 * string (`vs/<host>`, `dr/<host>`, `endpoints/<host>`, `services`, `mesh`, ...). A view records each fact that it
 * is asked for, and a change names the facts that it touched: the two meet in the dependency index, so that work is
 * proportional to the change.
 */
export type Fact = string;

/** What reaches a world: config, what platforms say of services and workloads, and secrets. */
export type WorldChange = ConfigChange | RegistryChange | CredentialChange;

export interface WorldUpdate {
  readonly world: World;
  readonly changed: ReadonlySet<Fact>;
  readonly diagnostics: readonly Diagnostic[];
}

/** What a world holds, as a person looks at it. */
export interface WorldContents {
  readonly configs: readonly { readonly config: Config; readonly origin: Origin }[];
  /** Every service with its endpoints, once for each namespace that defines it, by host. */
  readonly services: readonly { readonly service: Service; readonly endpoints: readonly Endpoint[] }[];
  readonly mesh: Mesh;
}

/**
 * Configs that proxies refuse what comes of, as `<key>@<digest>` of exactly the form that is refused, each with the form
 * that stands in for it, its last good one; undefined where it never had one and is left out.
 */
export type Withdrawn = ReadonlyMap<string, Config | undefined>;

/** Everything Pilot knows at one moment; immutable, replaced whole. */
export interface World {
  /** Revision of the config log that this world has taken in; 0 before the first. */
  readonly revision: number;
  /** Applies one change and names the facts it touched. Costs what it touches. */
  apply(change: WorldChange): WorldUpdate;
  readonly withdrawn: Withdrawn;
  /** The same world with these withdrawn, and no others: as if the log held what stands in for them. */
  withdraw(withdrawn: Withdrawn): WorldUpdate;
  /** A resource in its newest form, withdrawn or not; undefined for one that this world cannot use. */
  config(key: ResourceKey): Config | undefined;
  /** The form of a resource that counts: what stands in for a withdrawn one. */
  inForce(key: ResourceKey): Config | undefined;
  /** A view that reports every fact it is asked for to `record`. */
  view(record: (fact: Fact) => void): WorldView;
  /** What an operator should know of a proxy's place in this world. */
  inspect(proxy: Proxy): readonly Diagnostic[];
  /** Where a resource was written; undefined for one that this world does not hold. */
  origin(key: ResourceKey): Origin | undefined;
  readonly figures: Figures;
  /** All of it, for debug pages: costs as much as there is. */
  contents(): WorldContents;
}

export type { WorldView };

export const TYPE = {
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  virtualHost: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoint: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  extension: 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig',
  secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
} as const;
export type TypeUrl = (typeof TYPE)[keyof typeof TYPE];

/** An encoded xDS resource, shared by every proxy that needs it. */
export interface XdsResource {
  readonly name: string;
  /** Hash of `value`: equal on every replica and after every restart. */
  readonly version: string;
  /** The encoded message itself, without the Any around it. */
  readonly value: Uint8Array;
  /** Config keys that this resource was made from: what a NACK is blamed on. */
  readonly sources: readonly ResourceKey[];
}

/**
 * What a selector picked. `key` identifies the inputs: equal keys promise equal output, and `generate` sees nothing
 * but this value.
 */
export interface Inputs {
  readonly key: string;
}

export interface NamesOfHosts {
  readonly names: readonly string[];
  /** What else decides about all names of the list: another one, and it has to be made anew. */
  readonly frame: string;
}

/**
 * One xDS type. Pure: `select` reads the world through a view, `generate` sees only what was selected.
 *
 * What `names` and `select` read of the proxy is recorded like what they ask of the view: a result is shared by all
 * proxies that agree on the fields that were read. So read few (`namespace` rather than `labels`: what is in scope
 * is decided by `names`, `select` need not ask again), and never memoise by the proxy object or its `className`.
 */
export interface Generator<I extends Inputs = Inputs> {
  readonly type: TypeUrl;
  /** Names of all resources of this type for this proxy. Wildcard types (LDS, CDS) get exactly these. */
  names(view: WorldView, proxy: Proxy): readonly string[];
  /**
   * Those of `names` that these hosts have, and others that have nothing to do with hosts: where each name is that of one
   * host at most, lists are mended for the hosts that changed. Undefined where they cannot be.
   */
  namesOf?(view: WorldView, proxy: Proxy, hosts: ReadonlySet<string>): NamesOfHosts | undefined;
  /** More of them, which few proxies have in common: apart, so that the others are listed once for many. */
  ownNames?(view: WorldView, proxy: Proxy): readonly string[];
  /** The inputs of one resource; undefined where the proxy has no such resource. */
  select(view: WorldView, proxy: Proxy, name: string): I | undefined;
  /** Encodes. `sources` are config keys. */
  generate(inputs: I): { readonly value: Uint8Array; readonly sources: readonly ResourceKey[] };
}

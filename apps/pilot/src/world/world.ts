import type { Commit, ConfigState } from '#common/config-log';
import { PersistentMap } from '#common/collections';
import type { Diagnostic, LabelSelector, MeshConfig, Origin, ResourceKey } from '#config';
import { MESH_CONFIG_KEY } from '#config';
import { Config } from '../model/config.js';
import type {
  Fact,
  Withdrawn,
  World,
  WorldChange,
  WorldContents,
  WorldUpdate,
  WorldView,
} from '../model/contract.js';
import { kindOf } from '../model/kinds.js';
import type { CredentialChange } from '../model/credential.js';
import type { Proxy } from '../model/proxy.js';
import type { RegistryChange } from '../model/registry.js';
import { ambiguousWorkload } from './ambiguous-workload.js';
import { problemsOf, remarksOf, unreadable } from './check.js';
import { fact } from './facts.js';
import type { Figures } from './figures.js';
import type { Edit } from './indexes/edit.js';
import type { Indexes } from './indexes/indexes.js';
import { applyEdits, emptyIndexes } from './indexes/indexes.js';
import { NamespaceScope } from './namespace-scope.js';
import type { Problem } from './problem.js';
import { RecordedView } from './recorded-view.js';
import { Seen } from './seen.js';
import type { Environment } from './view.js';
import { Withheld } from './withheld.js';

/** A resource as the world holds it. `config` is absent where it is of no use (see {@link problemsOf}). */
interface Held {
  readonly content: string;
  readonly origin: Origin;
  readonly config: Config | undefined;
}

/** What of all that is known counts. */
interface Limits {
  readonly scope: NamespaceScope;
  readonly withheld: Withheld;
}

const NO_LIMITS: Limits = { scope: NamespaceScope.everything, withheld: Withheld.nothing };

interface Put {
  readonly content: string;
  readonly origin: Origin;
}

/** The empty world, from which all others come by {@link World.apply}. */
export function createWorld(environment: Environment): World {
  return new ConfigWorld(
    environment,
    0,
    PersistentMap.empty(),
    emptyIndexes(environment.trustDomain, environment.credentials),
    new Map(),
    NO_LIMITS,
  );
}

class ConfigWorld implements World {
  constructor(
    private readonly environment: Environment,
    readonly revision: number,
    private readonly held: PersistentMap<Held>,
    private readonly indexes: Indexes,
    readonly withdrawn: Withdrawn,
    private readonly limits: Limits,
    private readonly seen = Seen.nothing(),
  ) {}

  apply(change: WorldChange): WorldUpdate {
    if (change.kind === 'registry') return this.discover(change);
    if (change.kind === 'credentials') return this.learn(change);
    const draft = this.draft();
    if (change.kind === 'commit') draft.commit(change.commit);
    else draft.reset(change.state);
    const { revision } = change.kind === 'commit' ? change.commit : change.state;
    return this.next(revision, draft);
  }

  withdraw(withdrawn: Withdrawn): WorldUpdate {
    const draft = this.draft();
    draft.withdraw(withdrawn);
    return this.next(this.revision, draft);
  }

  private learn(change: CredentialChange): WorldUpdate {
    const changed = new Set<Fact>();
    const credentials = this.indexes.credentials.apply(change, changed);
    const indexes = { ...this.indexes, credentials };
    const { environment, revision, held, withdrawn, limits } = this;
    const seen = this.seen.after(changed);
    const world = new ConfigWorld(environment, revision, held, indexes, withdrawn, limits, seen);
    return { world, changed, diagnostics: [] };
  }

  private draft(): Draft {
    return new Draft(this.held, this.withdrawn, this.limits.scope);
  }

  private discover(said: RegistryChange): WorldUpdate {
    const scope = this.limits.scope.told(said);
    const { withheld, change } = this.limits.withheld.admit(said, scope);
    return this.next(this.revision, this.draft(), { scope, withheld }, change);
  }

  private next(
    revision: number,
    draft: Draft,
    { scope: before, withheld: kept } = this.limits,
    said?: RegistryChange,
  ): WorldUpdate {
    const changed = new Set<Fact>();
    const scope = draft.rescope(before.selecting(draft.discoverySelectors()));
    const indexes = applyEdits(this.indexes, draft.edits(), changed);
    const known = said ? indexes.services.apply(said, changed) : indexes.services;
    if (scope.clusterIds.join() !== this.limits.scope.clusterIds.join()) changed.add(fact.clusters);
    const isOther = this.limits.scope.differs(scope, said);
    const { withheld, changes } = isOther
      ? kept.rescope(known.known, scope)
      : { withheld: kept, changes: [] };
    const services = changes.reduce((index, change) => index.apply(change, changed), known);
    const { held, diagnostics } = draft;
    const withdrawn = draft.stillWithdrawn();
    const world = new ConfigWorld(
      ...([this.environment, revision, held, { ...indexes, services }, withdrawn] as const),
      { scope, withheld },
      this.seen.after(changed),
    );
    return { world, changed, diagnostics };
  }

  view(record: (fact: Fact) => void): WorldView {
    const { environment, indexes, limits, seen } = this;
    return new RecordedView(environment, indexes, record, limits.scope.clusterIds, undefined, seen);
  }

  inspect(proxy: Proxy): readonly Diagnostic[] {
    return ambiguousWorkload(this, proxy);
  }

  get figures(): Figures {
    const { services, virtualServices, destinationRules } = this.indexes;
    return {
      ...services.figures,
      virtualServices: virtualServices.count,
      duplicateDomains: virtualServices.duplicateDomains,
      duplicateSubsets: destinationRules.duplicateSubsets,
    };
  }

  origin(key: ResourceKey): Origin | undefined {
    return this.held.get(key)?.origin;
  }

  contents(): WorldContents {
    const { services, mesh } = this.indexes;
    const keys = [...this.held.keys()].sort();
    const configs = keys.flatMap((key) => {
      const [config, origin] = [this.inForce(key), this.origin(key)];
      return config && origin ? [{ config, origin }] : [];
    });
    return {
      configs,
      services: services.hosts().flatMap((host) => services.ofHost(host)),
      mesh: mesh.mesh,
    };
  }

  config(key: ResourceKey): Config | undefined {
    return this.held.get(key)?.config;
  }

  inForce(key: ResourceKey): Config | undefined {
    return this.limits.scope.coversKey(key) ? standingIn(this.withdrawn, this.config(key)) : undefined;
  }
}

function standingIn(withdrawn: Withdrawn, config: Config | undefined): Config | undefined {
  if (!config || withdrawn.size === 0) return config;
  const identity = config.toJSON();
  return withdrawn.has(identity) ? withdrawn.get(identity) : config;
}

/** Takes one change in and gathers what it edits: each resource once, from what it was to what it is. */
class Draft {
  readonly diagnostics: Diagnostic[] = [];
  private readonly before = new Map<ResourceKey, Config | undefined>();

  constructor(
    public held: PersistentMap<Held>,
    public withdrawn: Withdrawn,
    private scope: NamespaceScope,
  ) {}

  commit({ operations }: Commit): void {
    for (const operation of operations) {
      if (operation.op === 'put') this.put(operation.key, operation);
      else if (operation.op === 'delete') this.delete(operation.key);
      else this.move(operation.key, operation.origin);
    }
  }

  /** A state replaces everything: what differs is an edit, what is missing a deletion. */
  reset({ resources }: ConfigState): void {
    for (const key of [...this.held.keys()]) if (!resources.has(key)) this.delete(key);
    for (const [key, resource] of resources) this.put(key, resource);
  }

  edits(): Edit[] {
    const edits = [...this.before].map(([key, before]) => ({
      before,
      after: this.inForce(key, this.held.get(key)),
    }));
    return edits.filter(({ before, after }) => before?.digest !== after?.digest);
  }

  /** What the config says of namespaces, once it is taken in. */
  discoverySelectors(): readonly LabelSelector[] {
    const mesh = this.inForce(MESH_CONFIG_KEY, this.held.get(MESH_CONFIG_KEY)) as
      Config<MeshConfig> | undefined;
    return mesh?.spec.discoverySelectors ?? [];
  }

  /** Config that no longer counts is as good as deleted, that which counts again as good as new. */
  rescope(scope: NamespaceScope): NamespaceScope {
    const before = this.scope;
    if (scope !== before && !(scope.isUnlimited && before.isUnlimited))
      for (const [key, held] of this.held)
        if (scope.coversKey(key) !== before.coversKey(key)) this.remember(key, held);
    this.scope = scope;
    return scope;
  }

  /** What stands in counts as an edit; a resource that has changed since is another one. */
  withdraw(withdrawn: Withdrawn): void {
    const concerned = [...this.withdrawn.keys(), ...withdrawn.keys()].map(keyOf);
    for (const key of concerned) this.remember(key, this.held.get(key));
    this.withdrawn = withdrawn;
  }

  /** Those that are still there in the form that was withdrawn. */
  stillWithdrawn(): Withdrawn {
    if (this.withdrawn.size === 0) return this.withdrawn;
    const holds = (identity: string): boolean =>
      this.held.get(keyOf(identity))?.config?.toJSON() === identity;
    return new Map([...this.withdrawn].filter(([identity]) => holds(identity)));
  }

  private inForce(key: ResourceKey, held: Held | undefined): Config | undefined {
    return this.scope.coversKey(key) ? standingIn(this.withdrawn, held?.config) : undefined;
  }

  private put(key: ResourceKey, { content, origin }: Put): void {
    if (!kindOf(key)) return;
    const held = this.held.get(key);
    if (held?.content === content) return this.move(key, origin);
    this.remember(key, held);
    this.held = this.held.set(key, { content, origin, config: this.read(key, content, origin) });
  }

  private delete(key: ResourceKey): void {
    const held = this.held.get(key);
    if (!held) return;
    this.remember(key, held);
    this.held = this.held.delete(key);
  }

  private move(key: ResourceKey, origin: Origin): void {
    const held = this.held.get(key);
    if (held) this.held = this.held.set(key, { ...held, origin });
  }

  private remember(key: ResourceKey, held: Held | undefined): void {
    if (!this.before.has(key)) this.before.set(key, this.inForce(key, held));
  }

  private read(key: ResourceKey, content: string, origin: Origin): Config | undefined {
    const { config, problems } = decodeChecked(key, content);
    const usable = problems.length === 0 ? config : undefined;
    const remarks = usable ? remarksOf(usable) : [];
    for (const problem of [...problems, ...remarks])
      this.diagnostics.push({ ...problem, origin, resource: key });
    return usable;
  }
}

function keyOf(identity: string): ResourceKey {
  return identity.slice(0, identity.lastIndexOf('@'));
}

function decodeChecked(key: ResourceKey, content: string): { config?: Config; problems: Problem[] } {
  try {
    const config = Config.decode(key, content);
    return { config, problems: problemsOf(config) };
  } catch (error) {
    return { problems: [unreadable(error)] };
  }
}

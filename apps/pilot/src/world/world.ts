import type { Commit, ConfigState } from '#common/config-log';
import { PersistentMap } from '#common/collections';
import type { Diagnostic, Origin, ResourceKey } from '#config';
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
import type { Proxy } from '../model/proxy.js';
import type { RegistryChange } from '../model/registry.js';
import { ambiguousWorkload } from './ambiguous-workload.js';
import type { Problem } from './check.js';
import { problemsOf, remarksOf, unreadable } from './check.js';
import type { Figures } from './figures.js';
import type { Edit } from './indexes/edit.js';
import type { Indexes } from './indexes/indexes.js';
import { applyEdits, emptyIndexes } from './indexes/indexes.js';
import { RecordedView } from './recorded-view.js';
import type { Environment } from './view.js';

/** A resource as the world holds it. `config` is absent where it is of no use (see {@link problemsOf}). */
interface Held {
  readonly content: string;
  readonly origin: Origin;
  readonly config: Config | undefined;
}

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
    emptyIndexes(environment.trustDomain),
    new Map(),
  );
}

class ConfigWorld implements World {
  constructor(
    private readonly environment: Environment,
    readonly revision: number,
    private readonly held: PersistentMap<Held>,
    private readonly indexes: Indexes,
    readonly withdrawn: Withdrawn,
  ) {}

  apply(change: WorldChange): WorldUpdate {
    if (change.kind === 'registry') return this.discover(change);
    const draft = new Draft(this.held, this.withdrawn);
    if (change.kind === 'commit') draft.commit(change.commit);
    else draft.reset(change.state);
    const { revision } = change.kind === 'commit' ? change.commit : change.state;
    return this.next(revision, draft);
  }

  withdraw(withdrawn: Withdrawn): WorldUpdate {
    const draft = new Draft(this.held, this.withdrawn);
    draft.withdraw(withdrawn);
    return this.next(this.revision, draft);
  }

  private discover(change: RegistryChange): WorldUpdate {
    const changed = new Set<Fact>();
    const services = this.indexes.services.apply(change, changed);
    const indexes = { ...this.indexes, services };
    const world = new ConfigWorld(this.environment, this.revision, this.held, indexes, this.withdrawn);
    return { world, changed, diagnostics: [] };
  }

  private next(revision: number, draft: Draft): WorldUpdate {
    const changed = new Set<Fact>();
    const indexes = applyEdits(this.indexes, draft.edits(), changed);
    const { held, diagnostics } = draft;
    const withdrawn = draft.stillWithdrawn();
    return {
      world: new ConfigWorld(this.environment, revision, held, indexes, withdrawn),
      changed,
      diagnostics,
    };
  }

  view(record: (fact: Fact) => void): WorldView {
    return new RecordedView(this.environment, this.indexes, record);
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
    return standingIn(this.withdrawn, this.config(key));
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
      after: this.inForce(this.held.get(key)),
    }));
    return edits.filter(({ before, after }) => before?.digest !== after?.digest);
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

  private inForce(held: Held | undefined): Config | undefined {
    return standingIn(this.withdrawn, held?.config);
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
    if (!this.before.has(key)) this.before.set(key, this.inForce(held));
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

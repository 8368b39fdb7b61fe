import type { Fact, Generator, TypeUrl, World, WorldView, XdsResource } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import { HostChanges } from '../world/host-changes.js';
import { Departed } from './departed.js';
import { FactIndex } from './fact-index.js';
import { GeneratedResources, InvalidResource, makeResource, type RuleCheck } from './generated.js';
import { mendNames, settleNames } from './names.js';
import { ProxyClasses } from './proxy-classes.js';
import { ProxyReads, type FieldMask } from './proxy-reads.js';
import {
  isNames,
  NAMES,
  NO_NAMES,
  OWN_NAMES,
  noTouch,
  touch,
  versionOf,
  type Entry,
  type GenerationFailure,
  type InvalidEntry,
  type Names,
  type ProxyClass,
  type Scope,
  type Selection,
  type Touched,
} from './scope.js';

/** A failing generator that is asked again and again is not to fill the memory with its complaints. */
const FAILURE_LIMIT = 1_000;

/** For more hosts at once a list is made anew. */
const MOST_MENDED = 100;

/**
 * Every resource that a connected proxy holds, made once for all proxies that agree on what was read for it, and made
 * again only when a fact that was read has changed.
 *
 * Invariant: every entry is what a fresh selection from the current world would give (a generator that throws keeps
 * its last good bytes). Where a class finds the same resource in two of its scopes, both are right, hence equal.
 */
export class ResourceCache {
  /** Clusters and their endpoints that are gone. */
  readonly departed = new Departed();
  private readonly generators: ReadonlyMap<TypeUrl, Generator>;
  private readonly reads = new ProxyReads();
  private readonly index = new FactIndex<Entry>();
  private readonly generated: GeneratedResources;
  private readonly classes = new ProxyClasses(this.reads, (proxyClass) => this.forget(proxyClass));
  private readonly masks = new Map<TypeUrl, FieldMask[]>();
  private readonly scopes = new Map<string, Scope>();
  private readonly failing = new Map<string, GenerationFailure>();
  private readonly broken = new Map<string, InvalidEntry>();
  private readonly unseen = new Set<string>();
  private facts = new Set<Fact>();
  private view: WorldView | undefined;

  constructor(
    generators: readonly Generator[],
    private readonly check: RuleCheck = () => undefined,
  ) {
    this.generated = new GeneratedResources(check);
    this.generators = new Map(generators.map((generator) => [generator.type, generator]));
  }

  get stats(): Readonly<
    Record<'classes' | 'scopes' | 'facts' | 'resources' | 'generated' | 'shared', number>
  > {
    const { generated, shared } = this.generated.stats;
    const sizes = { classes: this.classes.size, scopes: this.scopes.size, facts: this.index.size };
    return { ...sizes, resources: this.generated.size, generated, shared };
  }

  /** Resources whose generator failed, served from their last good bytes where there are any. */
  get failures(): readonly GenerationFailure[] {
    return [...this.failing.values()];
  }

  /** Resources that break a rule of Envoy's API: their last good bytes are served, where there are any. */
  get invalid(): readonly InvalidEntry[] {
    return [...this.broken.values()];
  }

  /** Whether there are some that nobody has taken yet. */
  get foundInvalid(): boolean {
    return this.unseen.size > 0;
  }

  /** Those that were found since it was asked last. */
  takeInvalid(): InvalidEntry[] {
    const found = [...this.unseen].flatMap((key) => this.broken.get(key) ?? []);
    this.unseen.clear();
    return found;
  }

  /** Takes a new world in: makes again what depends on `changed` and says what came out different. */
  update(world: World, changed: Iterable<Fact>): Touched {
    const before = this.view;
    this.view = world.view((fact) => this.facts.add(fact));
    const touched = noTouch();
    const facts = new Set(changed);
    const changes = new HostChanges(facts);
    for (const entry of this.index.dependents(facts))
      if (!before || !this.mend(entry, before, changes, touched)) this.refresh(entry, touched);
    return touched;
  }

  /** The class of a proxy, kept until as many `release`. */
  acquire(proxy: Proxy): ProxyClass {
    return this.classes.acquire(proxy);
  }

  release(proxyClass: ProxyClass): void {
    this.classes.release(proxyClass);
  }

  /** Names of all resources of a type for this class: first those that it has in common with others. */
  names(type: TypeUrl, proxyClass: ProxyClass): string[] {
    const [common, own] = this.lists(type, proxyClass);
    return [...common, ...[...own].filter((name) => !common.has(name))];
  }

  /** Says of a name whether it is one of them. */
  membership(type: TypeUrl, proxyClass: ProxyClass): (name: string) => boolean {
    const [common, own] = this.lists(type, proxyClass);
    return (name) => common.has(name) || own.has(name);
  }

  private lists(type: TypeUrl, proxyClass: ProxyClass): readonly [common: Names, own: Names] {
    const common = this.entry(type, NAMES, proxyClass)?.names ?? NO_NAMES;
    if (!this.generators.get(type)?.ownNames) return [common, NO_NAMES];
    return [common, this.entry(type, OWN_NAMES, proxyClass)?.names ?? NO_NAMES];
  }

  /** One resource, or undefined where proxies of this class have none of that name. */
  resource(type: TypeUrl, proxyClass: ProxyClass, name: string): XdsResource | undefined {
    return this.entry(type, name, proxyClass)?.generated?.resource;
  }

  /** Nobody can say whether there is such a resource, because it could not be made and never was. */
  isUnknown(type: TypeUrl, proxyClass: ProxyClass, name: string): boolean {
    return this.entry(type, name, proxyClass)?.unknown ?? false;
  }

  /** One resource as the world asks for it, even where it breaks a rule and is not sent. */
  wanted(type: TypeUrl, proxyClass: ProxyClass, name: string): XdsResource | undefined {
    const entry = this.entry(type, name, proxyClass);
    return entry && (this.broken.get(failureKey(entry))?.resource ?? entry.generated?.resource);
  }

  /** One resource as it would be in another world, made for this question alone. */
  resourceIn(
    world: World,
    type: TypeUrl,
    proxyClass: ProxyClass,
    name: string,
  ): XdsResource | 'invalid' | undefined {
    const generator = this.generators.get(type);
    try {
      const inputs = generator?.select(
        world.view(() => undefined),
        proxyClass.proxy,
        name,
      );
      return generator && inputs && makeResource(name, inputs, generator, this.check);
    } catch {
      return 'invalid';
    }
  }

  private entry(type: TypeUrl, name: string, proxyClass: ProxyClass): Entry | undefined {
    for (const scope of this.scopesOf(type, proxyClass)) {
      const entry = scope.entries.get(name);
      if (entry) return entry;
    }
    return this.create(type, name, proxyClass);
  }

  private create(type: TypeUrl, name: string, proxyClass: ProxyClass): Entry | undefined {
    const generator = this.generators.get(type);
    if (!generator || !this.view) return undefined;
    return this.store(generator, name, proxyClass, undefined, noTouch());
  }

  /** Makes an entry again, from any class that it serves. */
  private refresh(entry: Entry, touched: Touched): void {
    const [proxyClass] = entry.scope.classes;
    const generator = this.generators.get(entry.type);
    if (generator && proxyClass) this.store(generator, entry.name, proxyClass, entry, touched);
  }

  /**
   * Where all that a list of names depends on is as it was but for some hosts, takes out what these had and puts in what
   * they have: in a large mesh the lists would cost more than what a change is about. False where that cannot be.
   */
  private mend(entry: Entry, before: WorldView, changes: HostChanges, touched: Touched): boolean {
    const [proxyClass] = entry.scope.classes;
    const generator = this.generators.get(entry.type);
    if (entry.name !== NAMES || !generator?.namesOf || !proxyClass) return false;
    if (this.failing.has(failureKey(entry))) return false;
    const { hosts } = changes;
    if (hosts.size > MOST_MENDED || !entry.deps.every(({ fact }) => changes.confines(fact))) return false;
    const ask = (view: WorldView) =>
      this.observe(() => generator.namesOf?.(view, proxyClass.recording, hosts));
    const [had, has] = [ask(before), ask(this.view!)];
    if (!had.value || had.value.frame !== has.value?.frame) return false;
    if ((had.mask | has.mask | entry.scope.mask) !== entry.scope.mask) return false;
    this.index.add(entry, has.facts);
    mendNames(entry, had.value.names, has.value.names, touched);
    return true;
  }

  /** Runs the selector for `name` and keeps the outcome where it belongs: in the scope of what was read. */
  private store(
    generator: Generator,
    name: string,
    proxyClass: ProxyClass,
    previous: Entry | undefined,
    touched: Touched,
  ): Entry {
    const { type } = generator;
    const selection = this.select(generator, proxyClass, name);
    const scope = this.scopeFor(type, selection.mask, proxyClass);
    let entry = scope.entries.get(name);
    if (!entry) {
      entry = {
        type,
        name,
        scope,
        deps: [],
        names: previous?.names ?? NO_NAMES,
        generated: previous?.generated,
      };
      if (entry.generated) entry.generated.uses++;
      scope.entries.set(name, entry);
    }
    // The selector has read other fields than before: all classes of the old scope have to look again.
    if (previous && previous !== entry) this.move(previous, touched);
    this.index.link(entry, selection.facts);
    if (selection.error) this.fail(entry, selection.error);
    else this.settle(entry, selection.value, generator, touched);
    return entry;
  }

  private settle(entry: Entry, value: unknown, generator: Generator, touched: Touched): void {
    try {
      if (isNames(entry.name)) settleNames(entry, value as readonly string[], touched);
      else
        this.settleResource(
          entry,
          value as Parameters<Generator['generate']>[0] | undefined,
          generator,
          touched,
        );
      this.recovered(entry);
    } catch (error) {
      this.fail(entry, error as Error);
    }
  }

  private settleResource(
    entry: Entry,
    inputs: Parameters<Generator['generate']>[0] | undefined,
    generator: Generator,
    touched: Touched,
  ): void {
    const before = entry.generated;
    entry.generated = inputs && this.generated.acquire(entry.type, entry.name, inputs, generator);
    if (before && !entry.generated) this.departed.add(entry.type, before.resource);
    if (before) this.generated.release(before);
    const decided = entry.unknown ?? false;
    entry.unknown = false;
    if (decided || versionOf(before?.resource) !== versionOf(entry.generated?.resource)) {
      touch(touched, entry.type, entry.name);
    }
  }

  private select(generator: Generator, proxyClass: ProxyClass, name: string): Selection<unknown> {
    return this.observe(() => answer(generator, this.view!, proxyClass.recording, name));
  }

  /** What is answered, and what was read for it. */
  private observe<T>(ask: () => T): Selection<T> {
    this.facts = new Set();
    let value: T | undefined;
    let error: Error | undefined;
    const mask = this.reads.during(() => {
      try {
        value = ask();
      } catch (thrown) {
        error = thrown instanceof Error ? thrown : new Error(String(thrown));
      }
    });
    return { value, mask, facts: this.facts, error };
  }

  private fail(entry: Entry, error: Error): void {
    const { type, name, scope } = entry;
    entry.unknown = !entry.generated && !(error instanceof InvalidResource);
    if (this.failing.size >= FAILURE_LIMIT) return;
    const [proxyClass] = scope.classes;
    if (error instanceof InvalidResource && proxyClass) {
      const { resource, message } = error;
      this.broken.set(failureKey(entry), { type, proxyClass, resource, message });
      this.unseen.add(failureKey(entry));
    } else this.broken.delete(failureKey(entry));
    this.failing.set(failureKey(entry), { type, name: isNames(name) ? '' : name, message: error.message });
  }

  private recovered(entry: Entry): void {
    if (this.failing.size === 0) return;
    this.failing.delete(failureKey(entry));
    this.broken.delete(failureKey(entry));
  }

  private move(entry: Entry, touched: Touched): void {
    this.remove(entry);
    if (isNames(entry.name)) touched.everything.add(entry.type);
    else touch(touched, entry.type, entry.name);
  }

  private remove(entry: Entry): void {
    entry.scope.entries.delete(entry.name);
    this.index.unlink(entry);
    // Whose proxies have all left: one of them may come back when it is gone.
    if (entry.generated) this.departed.add(entry.type, entry.generated.resource);
    if (entry.generated) this.generated.release(entry.generated);
    this.recovered(entry);
  }

  private scopesOf(type: TypeUrl, proxyClass: ProxyClass): readonly Scope[] {
    let scopes = proxyClass.scopes.get(type);
    if (!scopes) proxyClass.scopes.set(type, (scopes = []));
    const masks = this.masks.get(type) ?? [];
    while (scopes.length < masks.length) scopes.push(this.join(type, masks[scopes.length]!, proxyClass));
    return scopes;
  }

  private scopeFor(type: TypeUrl, mask: FieldMask, proxyClass: ProxyClass): Scope {
    let masks = this.masks.get(type);
    if (!masks) this.masks.set(type, (masks = []));
    if (!masks.includes(mask)) masks.push(mask);
    return this.scopesOf(type, proxyClass)[masks.indexOf(mask)]!;
  }

  private join(type: TypeUrl, mask: FieldMask, proxyClass: ProxyClass): Scope {
    const id = `${type} ${mask} ${this.reads.project(proxyClass.proxy, mask)}`;
    let scope = this.scopes.get(id);
    if (!scope) this.scopes.set(id, (scope = { id, type, mask, entries: new Map(), classes: new Set() }));
    scope.classes.add(proxyClass);
    return scope;
  }

  private forget(proxyClass: ProxyClass): void {
    for (const scope of [...proxyClass.scopes.values()].flat()) {
      scope.classes.delete(proxyClass);
      if (scope.classes.size > 0) continue;
      for (const entry of scope.entries.values()) this.remove(entry);
      this.scopes.delete(scope.id);
    }
  }
}

function answer(generator: Generator, view: WorldView, proxy: Proxy, name: string): unknown {
  if (name === NAMES) return generator.names(view, proxy);
  if (name === OWN_NAMES) return generator.ownNames?.(view, proxy) ?? [];
  return generator.select(view, proxy, name);
}

function failureKey(entry: Entry): string {
  return `${entry.scope.id} ${entry.name}`;
}

import type { ResourceKey } from '#config';
import type { Rejection } from '../../ads/rejection.js';
import type { ProxyClass } from '../../cache/index.js';
import type { World, XdsResource } from '../../model/contract.js';
import { Search } from './search.js';
import { suspectsOf } from './suspects.js';

/** A config that is left out, in exactly the form that proxies refused. */
export interface Withdrawal {
  /** `<key>@<digest>` */
  readonly identity: string;
  readonly key: ResourceKey;
  /** The resource that a proxy refused, and that proxy. */
  readonly type: string;
  readonly name: string;
  readonly proxy: string;
  /** Envoy's own words. */
  readonly message: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** One resource as the proxies of one class are to hold it. */
export interface Place {
  readonly proxyClass: ProxyClass;
  readonly type: string;
  readonly name: string;
}

/** What the search for a culprit needs of the push engine. */
export interface Mesh {
  world(): World;
  /** The resource as it is now. */
  resource(place: Place): XdsResource | undefined;
  /** From now on these are left out, and no others. */
  withdraw(identities: ReadonlySet<string>): void;
}

interface Case {
  readonly place: Place;
  readonly search: Search;
  readonly rejection: Rejection;
  readonly proxy: string;
  /** What the proxies have said to each version of the resource. */
  readonly verdicts: Map<string, 'accepted' | 'refused'>;
}

/** Refusals with nobody to blame that are remembered, so that none is looked into twice. */
const UNEXPLAINED_LIMIT = 1_000;

/**
 * Withdraws the config behind a resource that a proxy refuses, alone, for all proxies: they get what they would get
 * without it, and it is tried again when it has another content. Bounded work, however often a proxy refuses.
 */
export class Withdrawals {
  private readonly found = new Map<string, Withdrawal>();
  private readonly cases = new Map<string, Case>();
  private readonly unexplained = new Set<string>();
  /** When each config that was put got its form. */
  private readonly changes = new Map<ResourceKey, number>();
  private clock = 0;

  /** Those that are known to be to blame. */
  get all(): readonly Withdrawal[] {
    return [...this.found.values()];
  }

  /** Takes note of the configs that a change put into the world. */
  changed(keys: Iterable<ResourceKey>): void {
    this.clock++;
    for (const key of keys) this.changes.set(key, this.clock);
  }

  /** Those that are left out of a new world: what has another content since is tried again. */
  stillOut(world: World): ReadonlySet<string> {
    const isCurrent = (identity: string): boolean => world.config(keyOf(identity))?.toJSON() === identity;
    for (const identity of this.found.keys()) if (!isCurrent(identity)) this.found.delete(identity);
    for (const [id, { search }] of this.cases) if (!search.suspects.every(isCurrent)) this.cases.delete(id);
    return this.out();
  }

  /** Nothing is looked for: what proxies accept need not be told. */
  get idle(): boolean {
    return this.cases.size === 0;
  }

  /**
   * A proxy refuses a resource. Returns the withdrawals that this settles.
   *
   * @param held the version that the proxy goes on with, where it has one
   */
  refused(
    place: Place,
    rejection: Rejection,
    { proxy, held }: { readonly proxy: string; readonly held: string | undefined },
    mesh: Mesh,
  ): readonly Withdrawal[] {
    const current = mesh.resource(place);
    // What is no longer wanted in this version may be refused for all we care.
    if (!current || current.version !== rejection.version) return [];
    const known = this.cases.get(idOf(place)) ?? this.open(place, current, rejection, proxy, mesh.world());
    if (held) known?.verdicts.set(held, 'accepted');
    known?.verdicts.set(current.version, 'refused');
    return known ? this.advance(known, mesh) : [];
  }

  /** A proxy takes a version of a resource. */
  accepted(place: Place, version: string, mesh: Mesh): readonly Withdrawal[] {
    const known = this.cases.get(idOf(place));
    known?.verdicts.set(version, 'accepted');
    return known ? this.advance(known, mesh) : [];
  }

  private open(
    place: Place,
    resource: XdsResource,
    rejection: Rejection,
    proxy: string,
    world: World,
  ): Case | undefined {
    if (this.unexplained.has(`${idOf(place)} ${resource.version}`)) return undefined;
    const since = (key: ResourceKey): number => this.changes.get(key) ?? 0;
    const suspects = suspectsOf(resource, rejection.message, world, since);
    if (suspects.length === 0) return undefined;
    const search = new Search(suspects.map((config) => config.toJSON()));
    const opened: Case = { place, search, rejection, proxy, verdicts: new Map() };
    this.cases.set(idOf(place), opened);
    return opened;
  }

  /** Goes on as far as the proxies' answers are known. */
  private advance(known: Case, mesh: Mesh): readonly Withdrawal[] {
    const { search, place, verdicts } = known;
    while (search.state === 'searching') {
      const version = mesh.resource(place)?.version;
      // A resource that is gone is one that nobody refuses.
      const verdict = version === undefined ? 'accepted' : verdicts.get(version);
      if (verdict === undefined) return [];
      if (verdict === 'accepted') search.accepted();
      else search.refused();
      mesh.withdraw(this.out());
    }
    return this.close(known);
  }

  private close({ search, place, rejection, proxy }: Case): readonly Withdrawal[] {
    this.cases.delete(idOf(place));
    if (search.state === 'none') this.leaveUnexplained(`${idOf(place)} ${rejection.version}`);
    const { type, name } = place;
    const { message, at } = rejection;
    const settled = search.withdrawn.map((identity) => {
      return { identity, key: keyOf(identity), type, name, proxy, message, at };
    });
    for (const withdrawal of settled) this.found.set(withdrawal.identity, withdrawal);
    return settled;
  }

  private leaveUnexplained(what: string): void {
    this.unexplained.add(what);
    const [oldest] = this.unexplained;
    if (this.unexplained.size > UNEXPLAINED_LIMIT) this.unexplained.delete(oldest!);
  }

  private out(): ReadonlySet<string> {
    const searched = [...this.cases.values()].flatMap(({ search }) => search.withdrawn);
    return new Set([...this.found.keys(), ...searched]);
  }
}

function idOf({ proxyClass, type, name }: Place): string {
  return `${proxyClass.className} ${type} ${name}`;
}

function keyOf(identity: string): ResourceKey {
  return identity.slice(0, identity.lastIndexOf('@'));
}

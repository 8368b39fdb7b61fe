import type { GatewayTable } from '../model/gateways.js';
import type { Fact } from '../model/contract.js';
import { fact, subjectsOf } from './facts.js';
import { mended, type HostList } from './host-list.js';

/** A list as it was before the services of some hosts changed. */
interface Earlier {
  readonly list: HostList;
  readonly changed: ReadonlySet<string>;
}

/** A list that has to be looked through for more hosts than this is made anew. */
const MOST_CHANGED = 256;
/** Viewers come and go: what nobody may have asked for in a long time is forgotten with all the rest. */
const MOST_KEPT = 4_096;
/** What decides about all items of a list. */
const DECISIVE: readonly Fact[] = [fact.mesh('visibility'), fact.autoAddresses];

/**
 * What is the same for many proxies: found once per world, however many ask. A new world takes over what did not change,
 * and mends lists of hosts for the few hosts that did: a service that comes costs the same in every mesh.
 */
export class Seen {
  readonly gateways = new Map<string, GatewayTable>();
  private readonly lists = new Map<string, Earlier['list']>();

  private constructor(private readonly earlier: ReadonlyMap<string, Earlier>) {}

  static readonly nothing = (): Seen => new Seen(new Map());

  /**
   * @param key all that the items depend on besides the services of their host and what is {@link DECISIVE}
   * @param of the item of a host
   */
  list<T extends { readonly host: string }>(
    key: string,
    hosts: () => readonly string[],
    of: (host: string) => T | undefined,
  ): HostList<T> {
    return once(this.lists, key, () => {
      const earlier = this.earlier.get(key) as { list: HostList<T>; changed: Earlier['changed'] } | undefined;
      return earlier ? mended(earlier.list, earlier.changed, of) : hosts().flatMap((host) => of(host) ?? []);
    }) as HostList<T>;
  }

  /** What of it still holds in the world that comes next. */
  after(changed: ReadonlySet<Fact>): Seen {
    if (DECISIVE.some((each) => changed.has(each))) return Seen.nothing();
    const lists = new Map(this.earlier);
    for (const [key, list] of this.lists) lists.set(key, { list, changed: NONE });
    return lists.size > MOST_KEPT
      ? Seen.nothing()
      : new Seen(changedBesides(lists, subjectsOf(changed, fact.service)));
  }
}

/** Lists that are equally old have one set. */
function changedBesides(
  lists: ReadonlyMap<string, Earlier>,
  hosts: readonly string[],
): ReadonlyMap<string, Earlier> {
  if (hosts.length === 0) return lists;
  const known = new Map<Earlier['changed'], Earlier['changed']>();
  const kept = new Map<string, Earlier>();
  for (const [key, { list, changed }] of lists) {
    const all = once(known, changed, () => new Set([...changed, ...hosts]));
    if (all.size <= MOST_CHANGED) kept.set(key, { list, changed: all });
  }
  return kept;
}

const NONE: ReadonlySet<string> = new Set();

/** The value kept under `key`, made where there is none. */
export function once<K, T>(kept: Map<K, T>, key: K, make: () => T): T {
  let value = kept.get(key);
  if (value === undefined) kept.set(key, (value = make()));
  return value;
}

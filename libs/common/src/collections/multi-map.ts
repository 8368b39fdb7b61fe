import { PersistentMap } from './persistent-map.js';

/** An immutable map from a key to several values, each known by an id; a key without values does not exist. */
export class MultiMap<V> {
  private static readonly none = new MultiMap<never>(PersistentMap.empty());

  private constructor(private readonly groups: PersistentMap<PersistentMap<V>>) {}

  static empty<V>(): MultiMap<V> {
    return MultiMap.none;
  }

  get(key: string): Iterable<readonly [id: string, value: V]> {
    return this.groups.get(key) ?? [];
  }

  has(key: string): boolean {
    return this.groups.has(key);
  }

  get isEmpty(): boolean {
    return this.groups.size === 0;
  }

  keys(): IterableIterator<string> {
    return this.groups.keys();
  }

  set(key: string, id: string, value: V): MultiMap<V> {
    const group = this.groups.get(key) ?? PersistentMap.empty<V>();
    const next = group.set(id, value);
    return next === group ? this : new MultiMap(this.groups.set(key, next));
  }

  delete(key: string, id: string): MultiMap<V> {
    const group = this.groups.get(key);
    const next = group?.delete(id);
    if (!group || !next || next === group) return this;
    return new MultiMap(next.size === 0 ? this.groups.delete(key) : this.groups.set(key, next));
  }
}

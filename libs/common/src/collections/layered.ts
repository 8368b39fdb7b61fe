/**
 * Collections over one that many have in common and nobody changes: each keeps only what differs. Made for thousands of
 * peers that hold almost the same.
 */

/** So many differences are kept before the common part is worth replacing. */
const FEW = 64;

/** A Map of which a part is shared. In the order of the common part, then of insertion. */
export class LayeredMap<K, V> implements Iterable<[K, V]> {
  private readonly own = new Map<K, V>();
  private readonly gone = new Set<K>();

  constructor(private base: ReadonlyMap<K, V> = new Map()) {}

  get size(): number {
    return this.base.size - this.gone.size + this.own.size;
  }

  /** Whether so much differs that a common part that fits better would save memory. */
  get isWorn(): boolean {
    return this.own.size + this.gone.size > FEW + this.base.size / 8;
  }

  /** Takes another common part: everything else is forgotten. */
  reset(base: ReadonlyMap<K, V>): void {
    this.base = base;
    this.own.clear();
    this.gone.clear();
  }

  get(key: K): V | undefined {
    return this.own.get(key) ?? (this.gone.has(key) ? undefined : this.base.get(key));
  }

  has(key: K): boolean {
    return this.own.has(key) || (this.base.has(key) && !this.gone.has(key));
  }

  set(key: K, value: V): void {
    if (this.base.get(key) === value) {
      this.gone.delete(key);
      this.own.delete(key);
      return;
    }
    if (this.base.has(key)) this.gone.add(key);
    this.own.set(key, value);
  }

  delete(key: K): boolean {
    const had = this.has(key);
    this.own.delete(key);
    if (this.base.has(key)) this.gone.add(key);
    return had;
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this) yield key;
  }

  *[Symbol.iterator](): IterableIterator<[K, V]> {
    for (const entry of this.base) if (!this.gone.has(entry[0])) yield entry;
    yield* this.own;
  }
}

/** A Set of which a part is shared. */
export class LayeredSet<T> implements Iterable<T> {
  private readonly members: LayeredMap<T, true>;

  constructor(base: ReadonlyMap<T, true> = new Map()) {
    this.members = new LayeredMap(base);
  }

  get size(): number {
    return this.members.size;
  }

  /** Takes another common part: everything else is forgotten. */
  reset(base: ReadonlyMap<T, true>): void {
    this.members.reset(base);
  }

  has(member: T): boolean {
    return this.members.has(member);
  }

  add(member: T): void {
    this.members.set(member, true);
  }

  delete(member: T): boolean {
    return this.members.delete(member);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.members.keys();
  }
}

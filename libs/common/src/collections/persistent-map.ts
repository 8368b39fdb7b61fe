/**
 * An immutable map from strings: a hash array mapped trie with 32 ways. An edit copies the path to one leaf (four
 * small arrays at a million entries), so that keeping the old map beside the new one costs next to nothing.
 *
 * Iteration follows the hashes: the same for equal contents whatever order they came in, but not sorted.
 */
export class PersistentMap<V> implements Iterable<readonly [string, V]> {
  private static readonly none = new PersistentMap<never>(undefined, 0);

  private constructor(
    private readonly root: Node<V> | undefined,
    readonly size: number,
  ) {}

  static empty<V>(): PersistentMap<V> {
    return PersistentMap.none;
  }

  static from<V>(entries: Iterable<readonly [string, V]>): PersistentMap<V> {
    let map = PersistentMap.empty<V>();
    for (const [key, value] of entries) map = map.set(key, value);
    return map;
  }

  get(key: string): V | undefined {
    return this.root && find(this.root, hashOf(key), 0, key)?.value;
  }

  has(key: string): boolean {
    return this.root !== undefined && find(this.root, hashOf(key), 0, key) !== undefined;
  }

  set(key: string, value: V): PersistentMap<V> {
    const held = this.root && find(this.root, hashOf(key), 0, key);
    if (held && Object.is(held.value, value)) return this;
    const leaf: Leaf<V> = { hash: hashOf(key), key, value };
    const root = this.root ? insert(this.root, leaf, 0) : leaf;
    return new PersistentMap(root, held ? this.size : this.size + 1);
  }

  delete(key: string): PersistentMap<V> {
    if (!this.root || !this.has(key)) return this;
    const root = remove(this.root, hashOf(key), 0, key);
    return root ? new PersistentMap(root, this.size - 1) : PersistentMap.empty<V>();
  }

  *[Symbol.iterator](): Iterator<readonly [string, V]> {
    if (this.root) for (const leaf of leaves(this.root)) yield [leaf.key, leaf.value];
  }

  *keys(): IterableIterator<string> {
    if (this.root) for (const leaf of leaves(this.root)) yield leaf.key;
  }

  *values(): IterableIterator<V> {
    if (this.root) for (const leaf of leaves(this.root)) yield leaf.value;
  }
}

interface Leaf<V> {
  readonly hash: number;
  readonly key: string;
  readonly value: V;
}

/** Leaves whose keys hash alike, sorted by key so that equal contents have one form. */
interface Bucket<V> {
  readonly hash: number;
  readonly leaves: readonly Leaf<V>[];
}

interface Branch<V> {
  /** One bit for each of the 32 ways; `children` holds those that are set, in order. */
  readonly bitmap: number;
  readonly children: readonly Node<V>[];
}

type Node<V> = Leaf<V> | Bucket<V> | Branch<V>;

const BITS = 5;
const MASK = (1 << BITS) - 1;

/** FNV-1a, 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function bitOf(hash: number, shift: number): number {
  return 1 << ((hash >>> shift) & MASK);
}

function slotOf(bitmap: number, bit: number): number {
  return popCount(bitmap & (bit - 1));
}

function popCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function isBranch<V>(node: Node<V>): node is Branch<V> {
  return 'children' in node;
}

function leavesHere<V>(node: Leaf<V> | Bucket<V>): readonly Leaf<V>[] {
  return 'leaves' in node ? node.leaves : [node];
}

function find<V>(node: Node<V>, hash: number, shift: number, key: string): Leaf<V> | undefined {
  let at = node;
  for (let depth = shift; isBranch(at); depth += BITS) {
    const bit = bitOf(hash, depth);
    const child: Node<V> | undefined = at.bitmap & bit ? at.children[slotOf(at.bitmap, bit)] : undefined;
    if (!child) return undefined;
    at = child;
  }
  if (at.hash !== hash) return undefined;
  return leavesHere(at).find((leaf) => leaf.key === key);
}

function insert<V>(node: Node<V>, leaf: Leaf<V>, shift: number): Node<V> {
  if (!isBranch(node)) return insertBeside(node, leaf, shift);
  const bit = bitOf(leaf.hash, shift);
  const slot = slotOf(node.bitmap, bit);
  const child = node.bitmap & bit ? node.children[slot] : undefined;
  if (!child) return { bitmap: node.bitmap | bit, children: node.children.toSpliced(slot, 0, leaf) };
  return { bitmap: node.bitmap, children: node.children.with(slot, insert(child, leaf, shift + BITS)) };
}

function insertBeside<V>(node: Leaf<V> | Bucket<V>, leaf: Leaf<V>, shift: number): Node<V> {
  if (node.hash === leaf.hash)
    return bucket([...leavesHere(node).filter(({ key }) => key !== leaf.key), leaf]) ?? leaf;
  const mine = bitOf(leaf.hash, shift);
  const theirs = bitOf(node.hash, shift);
  if (mine === theirs) return { bitmap: mine, children: [insertBeside(node, leaf, shift + BITS)] };
  const inOrder = slotOf(mine | theirs, mine) === 0 ? [leaf, node] : [node, leaf];
  return { bitmap: mine | theirs, children: inOrder };
}

function bucket<V>(held: readonly Leaf<V>[]): Leaf<V> | Bucket<V> | undefined {
  const [first] = held;
  if (!first || held.length === 1) return first;
  return { hash: first.hash, leaves: [...held].sort((a, b) => (a.key < b.key ? -1 : 1)) };
}

function remove<V>(node: Node<V>, hash: number, shift: number, key: string): Node<V> | undefined {
  if (!isBranch(node)) return bucket(leavesHere(node).filter((leaf) => leaf.key !== key));
  const bit = bitOf(hash, shift);
  const slot = slotOf(node.bitmap, bit);
  const child = node.children[slot];
  if (!child) return node;
  const rest = remove(child, hash, shift + BITS, key);
  return collapse(
    node.bitmap,
    rest ? node.children.with(slot, rest) : node.children.toSpliced(slot, 1),
    rest ? 0 : bit,
  );
}

/** A branch with a single leaf below it becomes that leaf, so that a deleted key leaves no trace in the shape. */
function collapse<V>(bitmap: number, children: readonly Node<V>[], gone: number): Node<V> | undefined {
  const [only] = children;
  if (!only || (children.length === 1 && !isBranch(only))) return only;
  return { bitmap: bitmap & ~gone, children };
}

function* leaves<V>(node: Node<V>): IterableIterator<Leaf<V>> {
  if (!isBranch(node)) yield* leavesHere(node);
  else for (const child of node.children) yield* leaves(child);
}

import type { Fact } from '../model/contract.js';

/** A fact and whatever was made while it was read. One object per fact, so that thousands of entries share its text. */
export interface FactNode<T> {
  readonly fact: Fact;
  readonly dependents: Set<T>;
}

/** The reverse index: which entries depend on a fact. A fact that nothing depends on takes no memory. */
export class FactIndex<T extends { deps: readonly FactNode<T>[] }> {
  private readonly nodes = new Map<Fact, FactNode<T>>();

  /** Replaces what `entry` depends on. */
  link(entry: T, facts: Iterable<Fact>): void {
    const deps = [...facts].map((fact) => this.node(fact));
    for (const node of deps) node.dependents.add(entry);
    const kept = new Set(deps);
    for (const node of entry.deps) if (!kept.has(node)) this.drop(node, entry);
    entry.deps = deps;
  }

  /** Lets `entry` depend on these too. */
  add(entry: T, facts: Iterable<Fact>): void {
    const known = new Set(entry.deps.map(({ fact }) => fact));
    const more = [...facts].filter((fact) => !known.has(fact));
    if (more.length > 0) this.link(entry, [...known, ...more]);
  }

  unlink(entry: T): void {
    for (const node of entry.deps) this.drop(node, entry);
    entry.deps = [];
  }

  /** Entries that depend on any of `facts`. */
  dependents(facts: Iterable<Fact>): Set<T> {
    const found = new Set<T>();
    for (const fact of facts) {
      for (const entry of this.nodes.get(fact)?.dependents ?? []) found.add(entry);
    }
    return found;
  }

  get size(): number {
    return this.nodes.size;
  }

  private node(fact: Fact): FactNode<T> {
    let node = this.nodes.get(fact);
    if (!node) this.nodes.set(fact, (node = { fact, dependents: new Set() }));
    return node;
  }

  private drop(node: FactNode<T>, entry: T): void {
    node.dependents.delete(entry);
    if (node.dependents.size === 0) this.nodes.delete(node.fact);
  }
}

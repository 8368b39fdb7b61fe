import { MultiMap } from '#common/collections';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import type { Edit, Index } from './edit.js';

/** Config of one kind by namespace: for kinds of which a namespace has few. */
export class NamespaceIndex<Spec> implements Index<Spec> {
  /** Sorted on first use: asked for far more often than it changes. */
  private sorted: readonly Config<Spec>[] | undefined;

  private constructor(
    private readonly factOf: (namespace: string) => Fact,
    private readonly groups: MultiMap<Config<Spec>>,
    private readonly any?: Fact,
  ) {}

  /** @param any the fact whether there are any at all, for who asks that first */
  static empty<Spec>(factOf: (namespace: string) => Fact, any?: Fact): NamespaceIndex<Spec> {
    return new NamespaceIndex(factOf, MultiMap.empty<Config<Spec>>(), any);
  }

  get isEmpty(): boolean {
    return this.groups.isEmpty;
  }

  /** Older first. */
  in(namespace: string): Config<Spec>[] {
    return [...this.groups.get(namespace)].map(([, config]) => config).sort(byAge);
  }

  all(): readonly Config<Spec>[] {
    this.sorted ??= [...this.groups.keys()].flatMap((namespace) => this.in(namespace)).sort(byAge);
    return this.sorted;
  }

  apply(edits: readonly Edit<Spec>[], touched: Set<Fact>): NamespaceIndex<Spec> {
    if (edits.length === 0) return this;
    let { groups } = this;
    for (const { before, after } of edits) {
      if (before) groups = groups.delete(before.namespace, before.key);
      if (after) groups = groups.set(after.namespace, after.key, after);
      for (const config of [before, after]) if (config) touched.add(this.factOf(config.namespace));
    }
    if (this.any !== undefined && groups.isEmpty !== this.isEmpty) touched.add(this.any);
    return new NamespaceIndex(this.factOf, groups, this.any);
  }
}

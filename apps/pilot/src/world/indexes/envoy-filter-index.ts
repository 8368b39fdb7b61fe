import type { EnvoyFilter } from '#config';
import { MultiMap } from '#common/collections';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import type { PatchedPart } from '../../model/patch.js';
import { Patch, PART_OF } from '../../model/patch.js';
import { fact } from '../facts.js';
import type { Edit, Index } from './edit.js';
import { touchIfChanged } from './edit.js';

const PARTS: readonly PatchedPart[] = [...new Set(Object.values(PART_OF))];

/** EnvoyFilters by the part of a proxy's config that they change, and by namespace. */
export class EnvoyFilterIndex implements Index<EnvoyFilter> {
  private constructor(
    private readonly groups: MultiMap<Config<EnvoyFilter>>,
    /** How many change each part. */
    private readonly sizes: ReadonlyMap<PatchedPart, number>,
  ) {}

  static readonly empty = new EnvoyFilterIndex(MultiMap.empty(), new Map());

  has(part: PatchedPart): boolean {
    return (this.sizes.get(part) ?? 0) > 0;
  }

  /** In the order in which they are applied. */
  in(part: PatchedPart, namespace: string): Patch[] {
    const filters = [...this.groups.get(groupOf(part, namespace))].map(([, filter]) => filter);
    return filters.sort(byPriority).flatMap((filter) => patchesOf(filter, part));
  }

  apply(edits: readonly Edit<EnvoyFilter>[], touched: Set<Fact>): EnvoyFilterIndex {
    let { groups } = this;
    const sizes = new Map(this.sizes);
    for (const part of PARTS) {
      for (const edit of edits) groups = applyEdit(groups, sizes, part, edit, touched);
      const any = (sizes.get(part) ?? 0) > 0;
      if (any !== this.has(part)) touched.add(fact.anyEnvoyFilters(part));
    }
    return groups === this.groups ? this : new EnvoyFilterIndex(groups, sizes);
  }
}

function applyEdit(
  groups: MultiMap<Config<EnvoyFilter>>,
  sizes: Map<PatchedPart, number>,
  part: PatchedPart,
  { before, after }: Edit<EnvoyFilter>,
  touched: Set<Fact>,
): MultiMap<Config<EnvoyFilter>> {
  const [old, next] = [before, after].map((filter) => (filter && says(filter, part) ? filter : undefined));
  const namespace = (next ?? old)?.namespace;
  if (namespace === undefined) return groups;
  sizes.set(part, (sizes.get(part) ?? 0) + (next ? 1 : 0) - (old ? 1 : 0));
  touchIfChanged(touched, scope(old, part), scope(next, part), fact.envoyFilters(part, namespace));
  const without = old ? groups.delete(groupOf(part, old.namespace), old.key) : groups;
  return next ? without.set(groupOf(part, next.namespace), next.key, next) : without;
}

function groupOf(part: PatchedPart, namespace: string): string {
  return `${part}/${namespace}`;
}

function patchesOf(filter: Config<EnvoyFilter>, part: PatchedPart): Patch[] {
  return Patch.of(filter).filter((patch) => patch.part === part);
}

/** Asked without reading the values: most filters change one part only. */
function says({ spec }: Config<EnvoyFilter>, part: PatchedPart): boolean {
  return (spec.configPatches ?? []).some(({ applyTo }) => PART_OF[applyTo] === part);
}

function scope(filter: Config<EnvoyFilter> | undefined, part: PatchedPart): unknown {
  if (!filter) return undefined;
  const { creationTimestamp } = filter.resource;
  return [filter.spec.priority, creationTimestamp, patchesOf(filter, part)];
}

function byPriority(a: Config<EnvoyFilter>, b: Config<EnvoyFilter>): number {
  return (a.spec.priority ?? 0) - (b.spec.priority ?? 0) || byAge(a, b);
}

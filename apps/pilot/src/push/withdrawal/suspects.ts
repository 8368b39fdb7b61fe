import type { ResourceKey } from '#config';
import type { Config } from '../../model/config.js';
import type { World, XdsResource } from '../../model/contract.js';
import { KIND, kindOf } from '../../model/kinds.js';

/** The kinds that are left out where a proxy refuses what comes of them. */
const WITHDRAWABLE: ReadonlySet<string> = new Set([KIND.envoyFilter]);

/**
 * The configs that a refused resource was made of and that may be withdrawn, the likeliest culprit first: one that
 * Envoy's words point at, then the one that changed last.
 *
 * @param since when a config got its present form, as a number that grows
 */
export function suspectsOf(
  { sources }: XdsResource,
  message: string,
  world: World,
  since: (key: ResourceKey) => number,
): Config[] {
  const suspects = sources
    .filter((key) => WITHDRAWABLE.has(kindOf(key) ?? ''))
    .flatMap((key) => world.config(key) ?? [])
    .filter((config) => !world.withdrawn.has(config.toJSON()));
  const isNamed = (config: Config): boolean =>
    [...wordsIn(config.spec)].some((word) => message.includes(word));
  const ranked = suspects.map((config) => ({ config, named: isNamed(config), at: since(config.key) }));
  ranked.sort((a, b) => Number(b.named) - Number(a.named) || b.at - a.at);
  return ranked.map(({ config }) => config);
}

/** What Envoy may call a part of a config by: the names in it, and the messages that it is made of. */
function* wordsIn(value: unknown): IterableIterator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [member, held] of Object.entries(value)) {
    if (typeof held !== 'string') yield* wordsIn(held);
    else if (member === 'name' && held !== '') yield held;
    else if (member === '@type') yield held.slice(held.lastIndexOf('.') + 1);
  }
}

import type { ResourceKey } from '#config';
import type { Config } from '../../model/config.js';
import type { World, XdsResource } from '../../model/contract.js';
import { KIND, kindOf } from '../../model/kinds.js';
import type { EarlierForms } from './earlier-forms.js';

/** A config that may be to blame for a refusal. */
export interface Suspect {
  readonly config: Config;
  /** What may stand in for it, the newest form first; undefined for leaving it out, which comes last. Not empty. */
  readonly standIns: readonly (Config | undefined)[];
}

/**
 * The kinds that are not left out where they never had a good form: without them the mesh would be less secure, or
 * another mesh. A refusal that only they explain stands.
 */
const KEPT: ReadonlySet<string> = new Set([KIND.mesh, KIND.peerAuthentication]);

/** Those that others build on are the last to be left out, when nothing else tells who is to blame. */
const FOUNDATIONS: ReadonlySet<string> = new Set([KIND.serviceEntry, KIND.workloadEntry, KIND.gateway]);

/**
 * The configs that a refused resource was made of, the likeliest culprit first: one that changed, the later the
 * likelier; then one that Envoy's words point at; then an EnvoyFilter, which may say anything.
 */
export function suspectsOf(
  { sources }: XdsResource,
  message: string,
  world: World,
  forms: EarlierForms,
): Suspect[] {
  const suspects = sources.flatMap((key) => suspectOf(key, world, forms) ?? []);
  const ranked = suspects.map((suspect) => ({ suspect, rank: rankOf(suspect.config, message, forms) }));
  ranked.sort((a, b) => compare(b.rank, a.rank) || (a.suspect.config.key < b.suspect.config.key ? -1 : 1));
  return ranked.map(({ suspect }) => suspect);
}

function suspectOf(key: ResourceKey, world: World, forms: EarlierForms): Suspect | undefined {
  const [config, inForce] = [world.config(key), world.inForce(key)];
  if (!config || !inForce) return undefined;
  const known = forms.of(key);
  // What stands in for it already has been found wanting, and so has all that came after that form.
  const older = known.slice(known.findIndex(({ digest }) => digest === inForce.digest) + 1);
  const leftOut = KEPT.has(kindOf(key) ?? '') ? [] : [undefined];
  const standIns = [...older, ...leftOut];
  return standIns.length > 0 ? { config, standIns } : undefined;
}

function rankOf(config: Config, message: string, forms: EarlierForms): number[] {
  const named = [...wordsIn(config.spec)].some((word) => message.includes(word));
  const kind = kindOf(config.key) ?? '';
  const weight = kind === KIND.envoyFilter ? 2 : FOUNDATIONS.has(kind) || KEPT.has(kind) ? 0 : 1;
  return [forms.changedAt(config.key), Number(named), weight];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : a[index]! - b[index]!;
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

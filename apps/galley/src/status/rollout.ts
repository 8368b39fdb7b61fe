import type { ResourceKey } from '#config';

/** What Envoy refuses because of a resource, in its words. */
export interface Refused {
  readonly config: ResourceKey;
  /** What counts instead, where that is decided. */
  readonly inForce?: string;
  readonly type: string;
  readonly name: string;
  readonly proxy?: string;
  readonly message: string;
}

/** Config that names a secret which a proxy asks for in vain. */
export interface MissingSecret {
  readonly config: ResourceKey;
  /** As the config names it. */
  readonly secret: string;
  readonly reason: string;
}

/** What one Pilot answers to `pilot.proxies.summary`. */
export interface PilotSummary {
  readonly pilot: string;
  readonly proxies: number;
  readonly held: readonly (readonly [revision: number, proxies: number])[];
  readonly refused: readonly Refused[];
  /** An older Pilot does not say. */
  readonly missing?: readonly MissingSecret[];
}

/** How far the proxies are with one resource. */
export interface Rollout {
  readonly revision: number;
  readonly holding: number;
  readonly proxies: number;
  readonly refused?: Refused;
}

/** What all Pilots say of all proxies. */
export class Fleet {
  readonly proxies: number;
  private readonly held: readonly (readonly [revision: number, proxies: number])[];
  private readonly refusedByKey: ReadonlyMap<ResourceKey, Refused>;
  /** Each at most once, in an order that stays the same from one answer to the next. */
  readonly missing: readonly MissingSecret[];

  constructor(summaries: readonly PilotSummary[]) {
    this.proxies = summaries.reduce((sum, { proxies }) => sum + proxies, 0);
    this.held = summaries.flatMap(({ held }) => held);
    // Several Pilots may say the same: the first by name, so that it does not change from one answer to the next.
    const sorted = [...summaries].sort((left, right) => (left.pilot < right.pilot ? 1 : -1));
    this.refusedByKey = new Map(
      sorted.flatMap(({ refused }) => refused.map((one) => [one.config, one] as const)),
    );
    const missing = summaries.flatMap((summary) => summary.missing ?? []);
    const byWords = new Map(missing.map((one) => [JSON.stringify(one), one] as const));
    this.missing = [...byWords.keys()].sort().map((words) => byWords.get(words)!);
  }

  get refused(): ReadonlyMap<ResourceKey, Refused> {
    return this.refusedByKey;
  }

  /** The config of which Pilots say something else than before. */
  differsFrom(before: Fleet | undefined): Set<ResourceKey> {
    const [now, then] = [this.words(), before?.words() ?? new Map<ResourceKey, string>()];
    return new Set([...now.keys(), ...then.keys()].filter((key) => now.get(key) !== then.get(key)));
  }

  /** How many proxies hold everything up to a revision. */
  holding(revision: number): number {
    return this.held.reduce((sum, [held, count]) => (held >= revision ? sum + count : sum), 0);
  }

  rollout(key: ResourceKey, revision: number): Rollout {
    const refused = this.refusedByKey.get(key);
    return { revision, holding: this.holding(revision), proxies: this.proxies, ...(refused && { refused }) };
  }
  private words(): Map<ResourceKey, string> {
    const words = new Map<ResourceKey, string>();
    for (const each of [...this.refusedByKey.values(), ...this.missing])
      words.set(each.config, (words.get(each.config) ?? '') + JSON.stringify(each));
    return words;
  }
}

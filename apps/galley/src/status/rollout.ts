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

/** What one Pilot answers to `pilot.proxies.summary`. */
export interface PilotSummary {
  readonly pilot: string;
  readonly proxies: number;
  readonly held: readonly (readonly [revision: number, proxies: number])[];
  readonly refused: readonly Refused[];
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

  constructor(summaries: readonly PilotSummary[]) {
    this.proxies = summaries.reduce((sum, { proxies }) => sum + proxies, 0);
    this.held = summaries.flatMap(({ held }) => held);
    // Several Pilots may say the same: the first by name, so that it does not change from one answer to the next.
    const sorted = [...summaries].sort((left, right) => (left.pilot < right.pilot ? 1 : -1));
    this.refusedByKey = new Map(
      sorted.flatMap(({ refused }) => refused.map((one) => [one.config, one] as const)),
    );
  }

  get refused(): ReadonlyMap<ResourceKey, Refused> {
    return this.refusedByKey;
  }

  /** How many proxies hold everything up to a revision. */
  holding(revision: number): number {
    return this.held.reduce((sum, [held, count]) => (held >= revision ? sum + count : sum), 0);
  }

  rollout(key: ResourceKey, revision: number): Rollout {
    const refused = this.refusedByKey.get(key);
    return { revision, holding: this.holding(revision), proxies: this.proxies, ...(refused && { refused }) };
  }
}

import type { Config } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';

/** One resource's way from one state of the world to the next. */
export interface Edit<Spec = unknown> {
  readonly before?: Config<Spec>;
  readonly after?: Config<Spec>;
}

/** What the world knows of some kinds of config, in the form in which it is asked for. Immutable. */
export interface Index<Spec> {
  /** The index after these edits; names the facts that they change. Costs what they touch. */
  apply(edits: readonly Edit<Spec>[], touched: Set<Fact>): Index<Spec>;
}

/** Adds `facts` to `touched` where the two descriptions of what they state differ. */
export function touchIfChanged(
  touched: Set<Fact>,
  before: unknown,
  after: unknown,
  ...facts: readonly Fact[]
): void {
  if (JSON.stringify(before) !== JSON.stringify(after)) for (const fact of facts) touched.add(fact);
}

import type { Gateway } from '#config';
import { MultiMap } from '#common/collections';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import { matches } from '../../model/workload.js';
import { fact } from '../facts.js';
import type { Edit, Index } from './edit.js';

type Labels = Readonly<Record<string, string>>;

/**
 * Gateways by one of the labels that they ask for: a proxy without that label cannot be selected, so it need not hear
 * of them.
 */
export class GatewayIndex implements Index<Gateway> {
  private constructor(private readonly byLabel: MultiMap<Config<Gateway>>) {}

  static readonly empty = new GatewayIndex(MultiMap.empty());

  /**
   * Those that select a workload of these labels, older first.
   *
   * @param home only those of this namespace, where one is given
   */
  selecting(labels: Labels, home?: string): Config<Gateway>[] {
    return filedUnder(labels)
      .flatMap((label) => [...this.byLabel.get(label)])
      .map(([, config]) => config)
      .filter(({ spec, namespace }) => matches(spec.selector, labels) && (home ?? namespace) === namespace)
      .sort(byAge);
  }

  apply(edits: readonly Edit<Gateway>[], touched: Set<Fact>): GatewayIndex {
    let { byLabel } = this;
    for (const { before, after } of edits) {
      if (before) byLabel = byLabel.delete(labelOf(before), before.key);
      if (after) byLabel = byLabel.set(labelOf(after), after.key, after);
      for (const config of [before, after]) if (config) touched.add(fact.gateways(labelOf(config)));
    }
    return edits.length === 0 ? this : new GatewayIndex(byLabel);
  }
}

/** The first in the order of names; a Gateway without a selector is for every gateway proxy. */
function labelOf({ spec }: Config<Gateway>): string {
  const [first] = Object.entries(spec.selector ?? {})
    .map(([key, value]) => labelText(key, value))
    .sort();
  return first ?? '';
}

/** Under what the Gateways are filed that may select a workload of these labels. */
export function filedUnder(labels: Labels): string[] {
  return ['', ...Object.entries(labels).map(([key, value]) => labelText(key, value))];
}

function labelText(key: string, value: string): string {
  return `${key}=${value}`;
}

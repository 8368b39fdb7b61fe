import type { DestinationRule } from '#config';
import type { Config } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import { fullHost, isWildcard } from '../../model/host.js';
import { fact } from '../facts.js';
import type { Edit, Index } from './edit.js';
import { touchIfChanged } from './edit.js';
import { HostTable } from './host-table.js';

/** DestinationRules by host. */
export class DestinationRuleIndex implements Index<DestinationRule> {
  private constructor(readonly table: HostTable<DestinationRule>) {}

  static readonly empty = new DestinationRuleIndex(HostTable.empty());

  apply(edits: readonly Edit<DestinationRule>[], touched: Set<Fact>): DestinationRuleIndex {
    let { table } = this;
    for (const { before, after } of edits) {
      if (before) table = table.without([ruleHost(before)], before);
      if (after) table = table.with([ruleHost(after)], after);
      for (const rule of [before, after]) if (rule) touched.add(fact.destinationRule(ruleHost(rule)));
      const hosts = [before, after].flatMap((rule) => (rule ? [ruleHost(rule)] : []));
      const subsets = [fact.subsets, ...hosts.map(fact.subsetsOf)];
      touchIfChanged(touched, before && scope(before), after && scope(after), ...subsets);
      const { namespace = '' } = after ?? before ?? {};
      const wildcards = fact.wildcardDestinationRulesIn(namespace);
      touchIfChanged(touched, wildcardOf(before), wildcardOf(after), wildcards);
    }
    return new DestinationRuleIndex(table);
  }
}

export function ruleHost({ spec, namespace }: Config<DestinationRule>): string {
  return fullHost(spec.host, namespace);
}

function scope(rule: Config<DestinationRule>): unknown {
  const { subsets, exportTo, workloadSelector } = rule.spec;
  return [rule.key, ruleHost(rule), (subsets ?? []).map(({ name }) => name), exportTo, workloadSelector];
}

function wildcardOf(rule: Config<DestinationRule> | undefined): string[] {
  return rule && isWildcard(rule.spec.host) ? [rule.spec.host] : [];
}

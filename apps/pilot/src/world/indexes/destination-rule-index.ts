import type { DestinationRule } from '#config';
import type { Config } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import { atLabel, fullHost, isWildcard } from '../../model/host.js';
import { fact } from '../facts.js';
import { recounted } from '../figures.js';
import type { Edit, Index } from './edit.js';
import { touchIfChanged } from './edit.js';
import { HostTable } from './host-table.js';

/** DestinationRules by host. */
export class DestinationRuleIndex implements Index<DestinationRule> {
  private constructor(
    readonly table: HostTable<DestinationRule>,
    /** Subsets that an older rule of their namespace has under the same name for the same host. */
    readonly duplicateSubsets: number,
  ) {}

  static readonly empty = new DestinationRuleIndex(HostTable.empty(), 0);

  apply(edits: readonly Edit<DestinationRule>[], touched: Set<Fact>): DestinationRuleIndex {
    let { table } = this;
    for (const { before, after } of edits) {
      if (before) table = table.without([ruleHost(before)], before);
      if (after) table = table.with([ruleHost(after)], after);
      const hosts = [before, after].flatMap((rule) => (rule ? filedUnder(ruleHost(rule)) : []));
      for (const host of hosts) touched.add(fact.destinationRule(host));
      const subsets = [fact.subsets, ...hosts.map(fact.subsetsOf)];
      touchIfChanged(touched, before && scope(before), after && scope(after), ...subsets);
    }
    const hosts = edits.flatMap(({ before, after }) =>
      [before, after].flatMap((rule) => (rule ? [ruleHost(rule)] : [])),
    );
    const duplicates = recounted(this.duplicateSubsets, hosts, duplicatesIn(this.table), duplicatesIn(table));
    return new DestinationRuleIndex(table, duplicates);
  }
}

/** Rules for certain workloads stand apart: they add to nothing. */
function duplicatesIn(table: HostTable<DestinationRule>): (host: string) => number {
  return (host) => {
    const named = table
      .at(host)
      .filter(({ spec }) => !spec.workloadSelector)
      .flatMap(({ namespace, spec }) => (spec.subsets ?? []).map(({ name }) => `${namespace}/${name}`));
    return named.length - new Set(named).size;
  };
}

export function ruleHost({ spec, namespace }: Config<DestinationRule>): string {
  return fullHost(spec.host, namespace);
}

function scope(rule: Config<DestinationRule>): unknown {
  const { subsets, exportTo, workloadSelector } = rule.spec;
  return [rule.key, ruleHost(rule), (subsets ?? []).map(({ name }) => name), exportTo, workloadSelector];
}

/** Who looks for rules that cover a host does not know of wildcards that end within a label. */
function filedUnder(host: string): string[] {
  return isWildcard(host) ? [host, atLabel(host)] : [host];
}

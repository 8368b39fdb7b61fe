import type { DestinationRule } from '../kinds/destination-rule.js';
import type { Resource } from '../resource.js';
import type { Finding } from './conflicts.js';
import { byAge } from './age.js';
import { fullHostName } from './names.js';

type Rule = Resource<DestinationRule>;

/**
 * What DestinationRules say in vain: those of one host and namespace that select the same workloads count together, and
 * of what only one of them can say the oldest decides.
 */
export function ruleConflicts(resources: Iterable<Resource>): Finding[] {
  const rules = [...resources].filter(({ kind }) => kind === 'DestinationRule') as Rule[];
  const together = new Map<string, Rule[]>();
  for (const rule of rules.sort(byAge)) {
    const place = placeOf(rule);
    together.set(place, [...(together.get(place) ?? []), rule]);
  }
  return [...together.values()].flatMap((group) =>
    group.flatMap((rule, n) => inVain(rule, group.slice(0, n))),
  );
}

/** Rules of one place count together. */
function placeOf({ spec, namespace }: Rule): string {
  const { workloadSelector } = spec;
  const selector = workloadSelector && Object.entries(workloadSelector.matchLabels ?? {}).sort();
  return JSON.stringify([namespace, fullHostName(spec.host, namespace), selector]);
}

function inVain({ key, spec }: Rule, older: readonly Rule[]): Finding[] {
  const stated = older.find((rule) => rule.spec.trafficPolicy);
  const policy: Finding[] =
    spec.trafficPolicy && stated
      ? [finding(key, ['spec', 'trafficPolicy'], 'the traffic policy', spec.host, stated)]
      : [];
  const subsets = (spec.subsets ?? []).flatMap(({ name }, index): Finding[] => {
    const same = older.find((rule) => rule.spec.subsets?.some((subset) => subset.name === name));
    const path = ['spec', 'subsets', index];
    return same ? [finding(key, path, `subset ${JSON.stringify(name)}`, spec.host, same)] : [];
  });
  return [...policy, ...subsets];
}

function finding(
  resource: Finding['resource'],
  path: Finding['path'],
  what: string,
  host: string,
  older: Rule,
): Finding {
  const message = `${what} of host ${host} is that of DestinationRule ${older.namespace}/${older.name} already, which stays`;
  return { code: 'ruleConflict', message, resource, path };
}

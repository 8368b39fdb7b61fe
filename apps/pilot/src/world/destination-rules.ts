import type { DestinationRule } from '#config';
import type { Config } from '../model/config.js';
import type { Proxy } from '../model/proxy.js';
import { matches } from '../model/workload.js';
import { isVisible } from './visibility.js';

export interface RuleScope {
  readonly proxy: Proxy;
  /** Undefined where no service has the host. */
  readonly serviceNamespace: string | undefined;
  readonly rootNamespace: string;
  /** For rules that state none. */
  readonly exportTo: readonly string[];
}

/**
 * The rules that count for a host: those of the client's namespace before those of the service's before those of the
 * root namespace, in each the most specific host, and there those that select the workload before those without a
 * selector. What a namespace says to itself holds whomever else it is exported to; of the root namespace, whose rules
 * are for everybody, a client there takes only those first that are for nobody else.
 *
 * @param candidates rules by host, the most specific first, older first in each
 * @see https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration
 */
export function rulesFor(
  candidates: readonly (readonly Config<DestinationRule>[])[],
  scope: RuleScope,
): readonly Config<DestinationRule>[] {
  const { proxy, serviceNamespace, rootNamespace, exportTo } = scope;
  const common = sameForAll(candidates, scope);
  if (common) return common;
  const client = proxy.namespace;
  const isLocal = (rule: Config<DestinationRule>): boolean =>
    rule.namespace === client && (client !== rootNamespace || isPrivate(rule, exportTo));
  const isExported =
    (namespace: string | undefined) =>
    (rule: Config<DestinationRule>): boolean =>
      rule.namespace === namespace && isVisible(namespace, rule.spec.exportTo, exportTo, proxy);
  for (const counts of [isLocal, isExported(serviceNamespace), isExported(rootNamespace)]) {
    for (const rules of candidates) {
      const selected = forWorkload(rules.filter(counts), proxy);
      if (selected.length > 0) return selected;
    }
  }
  return [];
}

/**
 * The usual case, in which it does not matter who asks, so that nobody is asked: all rules are those of the service's
 * namespace and of the root namespace, for everybody and for all workloads.
 */
function sameForAll(
  candidates: readonly (readonly Config<DestinationRule>[])[],
  { serviceNamespace, rootNamespace, exportTo }: RuleScope,
): readonly Config<DestinationRule>[] | undefined {
  const isCommon = ({ namespace, spec }: Config<DestinationRule>): boolean =>
    (namespace === serviceNamespace || namespace === rootNamespace) &&
    !spec.workloadSelector &&
    (spec.exportTo?.length ? spec.exportTo : exportTo).includes('*');
  if (!candidates.every((rules) => rules.every(isCommon))) return undefined;
  for (const owner of [serviceNamespace, rootNamespace])
    for (const rules of candidates) {
      const owned = rules.filter(({ namespace }) => namespace === owner);
      if (owned.length > 0) return owned;
    }
  return [];
}

function isPrivate({ spec, namespace }: Config<DestinationRule>, byDefault: readonly string[]): boolean {
  const scopes = spec.exportTo?.length ? spec.exportTo : byDefault;
  return scopes.every((scope) => scope === '.' || scope === namespace);
}

/** Rules count together that select alike. */
function forWorkload(
  rules: readonly Config<DestinationRule>[],
  proxy: Proxy,
): readonly Config<DestinationRule>[] {
  const specific = rules.find(
    ({ spec, namespace }) =>
      spec.workloadSelector &&
      namespace === proxy.namespace &&
      matches(spec.workloadSelector.matchLabels, proxy.labels),
  );
  const selector = specific && selectorOf(specific);
  return rules.filter((rule) => selectorOf(rule) === selector);
}

/** Equal texts, equal selectors. */
function selectorOf({ spec }: Config<DestinationRule>): string | undefined {
  const { matchLabels = {} } = spec.workloadSelector ?? {};
  return spec.workloadSelector && JSON.stringify(Object.entries(matchLabels).sort());
}

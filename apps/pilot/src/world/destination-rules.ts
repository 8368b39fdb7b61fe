import type { DestinationRule } from '#config';
import type { Config } from '../model/config.js';
import type { Proxy } from '../model/proxy.js';
import { matches } from '../registries/static/endpoints.js';
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
 * root namespace, in each the most specific host, and there one that selects the workload before those without a
 * selector (which are taken together).
 *
 * @param candidates rules by host, the most specific first, older first in each
 * @see https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration
 */
export function rulesFor(
  candidates: readonly (readonly Config<DestinationRule>[])[],
  scope: RuleScope,
): readonly Config<DestinationRule>[] {
  const { proxy, serviceNamespace, rootNamespace, exportTo } = scope;
  const namespaces = new Set([proxy.namespace, serviceNamespace ?? proxy.namespace, rootNamespace]);
  for (const namespace of namespaces) {
    for (const rules of candidates) {
      const local = rules.filter((rule) => rule.namespace === namespace);
      const seen = local.filter(({ spec }) => isVisible(namespace, spec.exportTo, exportTo, proxy.namespace));
      const selected = forWorkload(seen, proxy);
      if (selected.length > 0) return selected;
    }
  }
  return [];
}

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
  return specific ? [specific] : rules.filter(({ spec }) => !spec.workloadSelector);
}

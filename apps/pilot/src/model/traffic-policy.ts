import type { DestinationRule, PortTrafficPolicy, ResourceKey, Subset, TrafficPolicy } from '#config';
import type { Config } from './config.js';

/** What a client does towards one port of one subset; each member whole or absent. */
export type Policy = Omit<PortTrafficPolicy, 'port'>;

/** What the rules of a host say of one subset (empty: of the whole service). */
export interface RuleView {
  readonly policy: Policy;
  /** Labels of the subset's endpoints; empty for the whole service. */
  readonly labels: Readonly<Record<string, string>>;
  readonly sources: readonly ResourceKey[];
}

/**
 * Reads rules that count together (older first: the first that states something decides). Undefined where they have
 * no such subset.
 */
export function ruleView(
  rules: readonly Config<DestinationRule>[],
  port: number,
  subsetName: string,
): RuleView | undefined {
  const base = rules.find(({ spec }) => spec.trafficPolicy);
  const policy = overlaid({}, base?.spec.trafficPolicy, port);
  if (!subsetName) return { policy, labels: {}, sources: rules.map(({ key }) => key) };
  const found = findSubset(rules, subsetName);
  if (!found) return undefined;
  const { subset } = found;
  return {
    policy: overlaid(policy, subset.trafficPolicy, port),
    labels: subset.labels ?? {},
    sources: rules.map(({ key }) => key),
  };
}

function findSubset(rules: readonly Config<DestinationRule>[], name: string): { subset: Subset } | undefined {
  for (const { spec } of rules) {
    const subset = spec.subsets?.find((candidate) => candidate.name === name);
    if (subset) return { subset };
  }
  return undefined;
}

/**
 * As Istio overlays policies: a member that is stated replaces the one below; the settings of a port replace them
 * all, and what they leave out is the default, not what stood above.
 */
function overlaid(below: Policy, above: TrafficPolicy | undefined, port: number): Policy {
  if (!above) return below;
  const ofPort = above.portLevelSettings?.find((settings) => settings.port?.number === port);
  if (ofPort) return members(ofPort);
  return { ...below, ...members(above) };
}

function members({ loadBalancer, connectionPool, outlierDetection, tls }: Policy): Policy {
  return {
    ...(loadBalancer && { loadBalancer }),
    ...(connectionPool && { connectionPool }),
    ...(outlierDetection && { outlierDetection }),
    ...(tls && { tls }),
  };
}

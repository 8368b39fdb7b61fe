import type { DestinationRule, PortTrafficPolicy, ResourceKey, Subset, TrafficPolicy } from '#config';
import type { Config } from './config.js';

/** What a client does towards one port of one subset; each member whole or absent. */
export type Policy = Omit<PortTrafficPolicy, 'port'> & Pick<TrafficPolicy, (typeof OF_SERVICE)[number]>;

/** What the settings of a port may state. */
const OF_PORT = ['loadBalancer', 'connectionPool', 'outlierDetection', 'tls'] as const;
/** What holds for all ports. */
const OF_SERVICE = ['tunnel', 'proxyProtocol', 'retryBudget'] as const;

/** What the rules of a host say of one subset (empty: of the whole service). */
export interface RuleView {
  readonly policy: Policy;
  /** Labels of the subset's endpoints; empty for the whole service. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the rule is for certain workloads of its namespace only. */
  readonly selective: boolean;
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
  const selective = rules.some(({ spec }) => spec.workloadSelector);
  const shared = { selective, sources: rules.map(({ key }) => key) };
  if (!subsetName) return { policy, labels: {}, ...shared };
  const found = findSubset(rules, subsetName);
  if (!found) return undefined;
  const { subset } = found;
  return {
    policy: overlaid(policy, subset.trafficPolicy, port),
    labels: subset.labels ?? {},
    ...shared,
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
 * As Istio overlays policies: a member that is stated replaces the one below; the settings of a port replace all that
 * they could state, and what they leave out is the default, not what stood above.
 */
function overlaid(below: Policy, above: TrafficPolicy | undefined, port: number): Policy {
  if (!above) return below;
  const whole = { ...below, ...stated(above, OF_PORT), ...stated(above, OF_SERVICE) };
  const ofPort = above.portLevelSettings?.find((settings) => settings.port?.number === port);
  return ofPort ? { ...stated(whole, OF_SERVICE), ...stated(ofPort, OF_PORT) } : whole;
}

function stated<M extends keyof Policy>(policy: Policy, members: readonly M[]): Partial<Pick<Policy, M>> {
  const found = members.filter((member) => policy[member]).map((member) => [member, policy[member]]);
  return Object.fromEntries(found) as Partial<Pick<Policy, M>>;
}

import type { DestinationRule } from '../kinds/destination-rule.js';
import type { Scope } from '../problem.js';
import { checkSubsetName } from './destination.js';
import { checkExportTo, checkLabels, checkUnique, isAddress, isWildcardHost } from './text.js';
import { checkTrafficPolicy } from './traffic-policy.js';

/** @see https://istio.io/latest/docs/reference/config/networking/destination-rule/ */
export function checkDestinationRule(spec: DestinationRule, scope: Scope): void {
  if (!spec.host) scope.at('host').error('destination rule needs a host');
  else if (!isWildcardHost(spec.host) && !isAddress(spec.host)) {
    scope.at('host').error(`invalid host ${JSON.stringify(spec.host)}`);
  }
  checkTrafficPolicy(spec.trafficPolicy, scope.at('trafficPolicy'));
  const subsets = spec.subsets ?? [];
  subsets.forEach((subset, index) => {
    const at = scope.at('subsets', index);
    checkSubsetName(subset.name ?? '', at.at('name'));
    checkLabels(subset.labels, at.at('labels'));
    checkTrafficPolicy(subset.trafficPolicy, at.at('trafficPolicy'));
  });
  checkUnique(
    subsets.map((subset) => subset.name),
    scope.at('subsets'),
    'subset',
  );
  checkExportTo(spec.exportTo, scope.at('exportTo'));
  checkLabels(spec.workloadSelector?.matchLabels, scope.at('workloadSelector', 'matchLabels'));
}

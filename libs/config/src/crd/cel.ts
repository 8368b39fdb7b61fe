import type { CelRule } from './structural.js';

/**
 * Rules that the API server checks of a spec by itself. Few: they have to be cheap whatever a user writes, and Galley
 * says all of them, and more, with the path of the mistake.
 */
const SPEC_RULES: ReadonlyMap<string, readonly CelRule[]> = new Map([
  [
    'VirtualService',
    [needed('hosts', 'a VirtualService needs hosts, unless it is a delegate', 'has(self.http)')],
  ],
  [
    'ServiceEntry',
    [
      needed('hosts', 'a service entry must have at least one host'),
      {
        rule: '!(has(self.workloadSelector) && has(self.endpoints) && size(self.endpoints) > 0)',
        message: 'only one of workloadSelector and endpoints is allowed in a service entry',
      },
    ],
  ],
  [
    'DestinationRule',
    [{ rule: "has(self.host) && self.host != ''", message: 'a destination rule needs a host' }],
  ],
  [
    'PeerAuthentication',
    [
      {
        rule: 'has(self.selector) && has(self.selector.matchLabels) && size(self.selector.matchLabels) > 0 || !has(self.portLevelMtls) || size(self.portLevelMtls) == 0',
        message: 'port level mTLS needs a selector: it cannot hold for a namespace or the mesh',
      },
    ],
  ],
  ['QuotaSpec', [needed('rules', 'a quota spec must have at least one rule')]],
  [
    'QuotaSpecBinding',
    [
      needed('services', 'a binding must name at least one service'),
      needed('quotaSpecs', 'a binding must name at least one quota spec'),
    ],
  ],
]);

/** There is one of these, of this name. */
const SINGLETONS: readonly string[] = ['MeshPolicy', 'ClusterRbacConfig', 'RbacConfig'];

export function specRules(kind: string): readonly CelRule[] {
  return SPEC_RULES.get(kind) ?? [];
}

export function objectRules(kind: string): readonly CelRule[] {
  if (!SINGLETONS.includes(kind)) return [];
  return [{ rule: "self.metadata.name == 'default'", message: `the name of a ${kind} is default` }];
}

function needed(list: string, message: string, unless?: string): CelRule {
  const rule = `has(self.${list}) && size(self.${list}) > 0`;
  return { rule: unless === undefined ? rule : `${rule} || ${unless}`, message };
}

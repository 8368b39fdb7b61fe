import { describe, expect, it } from '@jest/globals';
import type { DestinationRule } from '../kinds/destination-rule.js';
import type { Resource } from '../resource.js';
import { resourceKey } from '../resource.js';
import { ruleConflicts } from './rule-conflicts.js';

function rule(
  name: string,
  spec: Partial<DestinationRule>,
  namespace = 'default',
): Resource<DestinationRule> {
  const [group, kind] = ['networking.istio.io', 'DestinationRule'];
  return {
    key: resourceKey(group, kind, namespace, name),
    group,
    kind,
    namespace,
    name,
    labels: {},
    annotations: {},
    creationTimestamp: '',
    spec: { host: 'reviews', ...spec },
  };
}

const trafficPolicy = { loadBalancer: { simple: 'RANDOM' } } as const;
const full = { host: 'reviews.default.svc.cluster.local' };

describe('ruleConflicts', () => {
  it('names what an older rule for the same host says already', () => {
    const found = ruleConflicts([
      rule('b', { ...full, trafficPolicy, subsets: [{ name: 'v2' }, { name: 'v1' }] }),
      rule('a', { trafficPolicy, subsets: [{ name: 'v1' }] }),
    ]);
    expect(found.map(({ resource, path }) => [resource.split('/').at(-1), path])).toEqual([
      ['b', ['spec', 'trafficPolicy']],
      ['b', ['spec', 'subsets', 1]],
    ]);
    expect(found[0]?.message).toContain('default/a');
  });

  it.each([
    ['of other namespaces', [rule('a', full), rule('b', { ...full, trafficPolicy }, 'other')]],
    ['that add subsets', [rule('a', { trafficPolicy }), rule('b', { subsets: [{ name: 'v1' }] })]],
    [
      'that select other workloads',
      [rule('a', { trafficPolicy }), rule('b', { trafficPolicy, workloadSelector: {} })],
    ],
  ])('has nothing against rules %s', (_what, rules) => expect(ruleConflicts(rules)).toEqual([]));
});

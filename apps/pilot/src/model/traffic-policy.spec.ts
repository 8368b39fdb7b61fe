import { describe, expect, it } from '@jest/globals';
import type { DestinationRule } from '#config';
import { Config } from './config.js';
import { ruleView } from './traffic-policy.js';

function rule(spec: Partial<DestinationRule>, name = 'a'): Config<DestinationRule> {
  const content = JSON.stringify({
    labels: {},
    annotations: {},
    creationTimestamp: '',
    spec: { host: 'a', ...spec },
  });
  return Config.decode(`networking.istio.io/DestinationRule/default/${name}`, content);
}

const RANDOM = { loadBalancer: { simple: 'RANDOM' } } as const;
const ROBIN = { loadBalancer: { simple: 'ROUND_ROBIN' } } as const;
const DISABLE = { tls: { mode: 'DISABLE' } } as const;

describe('ruleView', () => {
  it('is empty without rules', () => {
    expect(ruleView([], 80, '')).toEqual({ policy: {}, labels: {}, selective: false, sources: [] });
    expect(ruleView([], 80, 'v1')).toBeUndefined();
  });

  it('lets a subset replace what it states, and keeps the rest', () => {
    const rules = [
      rule({
        trafficPolicy: { ...RANDOM, ...DISABLE },
        subsets: [{ name: 'v1', labels: { v: '1' }, trafficPolicy: ROBIN }],
      }),
    ];
    expect(ruleView(rules, 80, 'v1')).toMatchObject({ policy: { ...ROBIN, ...DISABLE }, labels: { v: '1' } });
  });

  it('lets the settings of a port replace everything', () => {
    const portLevelSettings = [{ port: { number: 80 }, ...DISABLE }];
    const rules = [rule({ trafficPolicy: { ...RANDOM, portLevelSettings } })];
    expect(ruleView(rules, 80, '')?.policy).toEqual(DISABLE);
    expect(ruleView(rules, 81, '')?.policy).toEqual(RANDOM);
  });

  it('lets the settings of a port be silent about what holds for all ports', () => {
    const portLevelSettings = [{ port: { number: 80 }, ...DISABLE }];
    const [proxyProtocol, retryBudget] = [{ version: 'V2' } as const, { percent: 5 }];
    const rules = [
      rule({
        trafficPolicy: { ...RANDOM, proxyProtocol, portLevelSettings },
        subsets: [{ name: 'v1', trafficPolicy: { retryBudget } }],
      }),
    ];
    expect(ruleView(rules, 80, 'v1')?.policy).toEqual({ ...DISABLE, proxyProtocol, retryBudget });
  });

  it('takes rules of one host together: the older decides', () => {
    const rules = [
      rule({ subsets: [{ name: 'v1', labels: { from: 'older' } }] }),
      rule(
        { trafficPolicy: RANDOM, subsets: [{ name: 'v1' }, { name: 'v2', labels: { from: 'younger' } }] },
        'b',
      ),
    ];
    expect(ruleView(rules, 80, 'v1')).toMatchObject({ labels: { from: 'older' }, policy: RANDOM });
    expect(ruleView(rules, 80, 'v2')).toMatchObject({ labels: { from: 'younger' } });
    expect(ruleView(rules, 80, '')?.sources).toHaveLength(2);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { DestinationRule } from '#config';
import { Config } from '../model/config.js';
import { proxyFromNode } from '../model/node.js';
import type { Proxy } from '../model/proxy.js';
import { rulesFor } from './destination-rules.js';

function rule(name: string, spec: Partial<DestinationRule> = {}, host = 'a'): Config<DestinationRule> {
  const body = { labels: {}, annotations: {}, creationTimestamp: '', spec: { host, ...spec } };
  return Config.decode(`networking.istio.io/DestinationRule/${name}`, JSON.stringify(body));
}

function client(namespace: string, labels: Record<string, string> = {}): Proxy {
  const id = `sidecar~10.0.0.1~a.${namespace}~${namespace}.svc.cluster.local`;
  const node = proxyFromNode({ id, cluster: '', metadata: { LABELS: labels } });
  if (!node.ok) throw new Error(node.error);
  return node.proxy;
}

const found = (rules: readonly Config<DestinationRule>[][], proxy: Proxy): string[] =>
  rulesFor(rules, {
    proxy,
    serviceNamespace: 'service',
    rootNamespace: 'root',
    exportTo: ['*'],
  }).map(({ key }) => key.split('/').slice(2).join('/'));

describe('rulesFor', () => {
  const everywhere = [rule('client/a'), rule('service/a'), rule('root/a'), rule('elsewhere/a')];

  it.each([
    ['client', 'client/a'],
    ['service', 'service/a'],
    ['other', 'service/a'],
    ['root', 'service/a'],
  ])('takes for a client of %s those of %s', (namespace, expected) =>
    expect(found([everywhere], client(namespace))).toEqual([expected]),
  );

  it('takes those of the root namespace where neither client nor service has any', () => {
    expect(found([[rule('root/a'), rule('elsewhere/a')]], client('other'))).toEqual(['root/a']);
  });

  it('takes for a client of the root namespace first what is for nobody else', () => {
    const rules = [...everywhere, rule('root/private', { exportTo: ['.'] })];
    expect(found([rules], client('root'))).toEqual(['root/private']);
    expect(found([rules], client('other'))).toEqual(['service/a']);
  });

  it('heeds exportTo, but not towards its own namespace', () => {
    const rules = [rule('service/a', { exportTo: ['friend'] })];
    expect(found([rules], client('friend'))).toEqual(['service/a']);
    expect(found([rules], client('other'))).toEqual([]);
    expect(found([[rule('client/a', { exportTo: ['friend'] })]], client('client'))).toEqual(['client/a']);
  });

  it('prefers the more specific host of a namespace, and a near namespace to a specific host', () => {
    const [specific, wildcard] = [
      [rule('service/a')],
      [rule('service/any', {}, '*'), rule('client/any', {}, '*')],
    ];
    expect(found([specific, wildcard], client('other'))).toEqual(['service/a']);
    expect(found([specific, wildcard], client('client'))).toEqual(['client/any']);
  });

  it('prefers those that select the workload, all that select alike', () => {
    const select = (app: string) => ({ workloadSelector: { matchLabels: { app } } });
    const rules = [
      rule('client/all'),
      rule('client/one', select('x')),
      rule('client/two', select('x')),
      rule('client/y', select('y')),
    ];
    expect(found([rules], client('client', { app: 'x' }))).toEqual(['client/one', 'client/two']);
    expect(found([rules], client('client', { app: 'z' }))).toEqual(['client/all']);
    expect(found([[rule('service/x', select('x'))]], client('client', { app: 'x' }))).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { ConfigChange } from '#common/config-log';
import type { LabelSelector } from '#config';
import { encodeContent } from '#config';
import type { World } from '../model/contract.js';
import type { RegistryChange } from '../model/registry.js';
import { clusterOf, editsOf } from '../registries/testing/cluster.js';
import { readResources } from '../testing/read-resources.js';
import { createWorld } from './world.js';

const services = (...namespaces: string[]): string =>
  namespaces
    .map(
      (namespace) => `---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: ${namespace} }
spec: { clusterIP: 10.96.0.1, ports: [{ port: 80, name: http }] }
`,
    )
    .join('');

const namespace = (name: string, labels: Record<string, string>): string => `---
apiVersion: v1
kind: Namespace
metadata: ${JSON.stringify({ name, labels })}
`;

const CONFIG = ['red', 'blue']
  .map(
    (name) => `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: entry, namespace: ${name} }
spec: { hosts: [${name}.example.com], ports: [{ number: 80, name: http }], resolution: DNS }
`,
  )
  .join('');

const RED: LabelSelector = { matchLabels: { team: 'red' } };

function configWith(discoverySelectors: readonly LabelSelector[]): ConfigChange {
  const mesh = `---
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: '${JSON.stringify({ discoverySelectors })}' }
`;
  const resources = readResources(CONFIG + mesh).map(
    (resource) =>
      [resource.key, { content: encodeContent(resource), origin: { file: '', line: 0 } }] as const,
  );
  const state = { epoch: '', revision: 1, stateHash: '', resources: new Map(resources) };
  return { kind: 'reset', state, stale: false };
}

function hosts(world: World): string[] {
  return world.contents().services.map(({ service }) => service.host);
}

const CLUSTER =
  services('red', 'blue') + namespace('red', { team: 'red' }) + namespace('blue', { team: 'blue' });
const ALL = ['blue.example.com', 'red.example.com', ...inCluster('blue', 'red')];

function inCluster(...namespaces: string[]): string[] {
  return namespaces.map((name) => `web.${name}.svc.cluster.local`);
}

describe('discoverySelectors', () => {
  const { registry, change } = clusterOf(CLUSTER);
  const start = [change, configWith([])].reduce<World>(
    (world, each) => world.apply(each).world,
    createWorld({}),
  );
  const limited = start.apply(configWith([RED])).world;

  it('without them every namespace counts', () => expect(hosts(start)).toEqual(ALL));

  it('take services and config of other namespaces out, and bring them back, as they are edited', () => {
    expect(hosts(limited)).toEqual(['red.example.com', ...inCluster('red')]);
    expect(limited.contents().configs.map(({ config }) => config.namespace)).toEqual(['istio-system', 'red']);
    expect(hosts(limited.apply(configWith([])).world)).toEqual(ALL);
  });

  it('are any of several, and nothing that is not selected counts even if it comes later', () => {
    const blue: LabelSelector = { matchExpressions: [{ key: 'team', operator: 'In', values: ['blue'] }] };
    expect(hosts(start.apply(configWith([RED, blue])).world)).toEqual(ALL);
    const more = registry.apply(editsOf(services('green') + namespace('green', {}))).change;
    expect(hosts(limited.apply(more).world)).toEqual(hosts(limited));
    expect(hosts(limited.apply(more).world.apply(configWith([])).world)).toEqual([
      ...ALL.slice(0, 3),
      ...inCluster('green', 'red'),
    ]);
  });

  it('follow the labels of namespaces', () => {
    const told = (yaml: string): RegistryChange => registry.apply(editsOf(yaml)).change;
    expect(hosts(limited.apply(told(namespace('blue', { team: 'red' }))).world)).toEqual(ALL);
    expect(hosts(limited.apply(told(namespace('red', {}))).world)).toEqual([]);
  });

  it('concern only who depends on what comes or goes', () => {
    const { changed } = start.apply(configWith([RED]));
    expect(changed).toContain('service/web.blue.svc.cluster.local');
    expect(changed).not.toContain('service/web.red.svc.cluster.local');
  });

  it('leave a cluster whole whose namespaces may not be read', () => {
    const blind = clusterOf(services('red', 'blue')).change;
    const world = createWorld({})
      .apply(blind)
      .world.apply(configWith([RED])).world;
    expect(hosts(world)).toEqual(ALL);
  });

  it('go by the name of a namespace where there is no cluster', () => {
    const named = (operator: 'In' | 'NotIn'): LabelSelector => {
      return { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator, values: ['red'] }] };
    };
    const world = createWorld({}).apply(configWith([named('In')])).world;
    expect(hosts(world)).toEqual(['red.example.com']);
    expect(hosts(world.apply(configWith([named('NotIn')])).world)).toEqual(['blue.example.com']);
  });
});

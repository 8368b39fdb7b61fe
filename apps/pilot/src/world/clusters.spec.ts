import { describe, expect, it } from '@jest/globals';
import type { ConfigChange } from '#common/config-log';
import { envoy } from '#common/proto/envoy';
import { MESH_CONFIG_KEY } from '#config';
import { generateAll } from '../generate/generate-all.js';
import { TYPE } from '../model/contract.js';
import { proxyFromNode } from '../model/node.js';
import { KubernetesRegistry } from '../registries/kubernetes/kubernetes-registry.js';
import { editsOf } from '../registries/testing/cluster.js';
import { createWorld } from './world.js';

const service = (name: string, address: string): string => `---
kind: Service
metadata: {name: ${name}, namespace: books}
spec: {clusterIP: ${address}, clusterIPs: [${address}], ports: [{port: 3306, name: tcp}, {port: 80, name: http}]}
`;

const west = service('a', '10.96.0.1') + service('b', '10.96.0.2');
/** The other way round. */
const east = service('a', '10.96.0.2') + service('b', '10.96.0.1');

const world = [
  { id: { id: 'west', rank: 0 }, yaml: west },
  { id: { id: 'east', rank: 1 }, yaml: east },
].reduce(
  (before, { id, yaml }) => before.apply(KubernetesRegistry.empty(id).apply(editsOf(yaml)).change).world,
  createWorld({}),
);

/** Where a proxy of a cluster sends what is meant for 10.96.0.1: TCP by its listener, HTTP by its routes. */
function seenFrom(cluster: string): { listener: string; virtualHosts: string[] } {
  const node = proxyFromNode({
    id: 'sidecar~10.0.0.1~one.books~books.svc.cluster.local',
    cluster: '',
    metadata: { NAMESPACE: 'books', CLUSTER_ID: cluster },
  });
  if (!node.ok) throw new Error(node.error);
  const resources = new Map(generateAll(world, node.proxy));
  const value = (type: (typeof TYPE)[keyof typeof TYPE], name: string): Uint8Array =>
    resources.get(type)!.find((each) => each.name === name)!.value;
  const { virtualHosts } = envoy.config.route.v3.RouteConfiguration.decode(value(TYPE.route, '80'));
  return {
    listener: Buffer.from(value(TYPE.listener, '10.96.0.1_3306')).toString('latin1'),
    virtualHosts: virtualHosts
      .filter(({ domains }) => domains?.includes('10.96.0.1'))
      .map(({ name }) => name!),
  };
}

it.each([
  ['west', 'a'],
  ['east', 'b'],
  // Who does not say where it is, is where Pilot is.
  ['', 'a'],
])('takes virtual addresses for what they are in the cluster of a proxy: %s, %s', (cluster, name) => {
  const { listener, virtualHosts } = seenFrom(cluster);
  expect(listener).toContain(`outbound|3306||${name}.books.svc.cluster.local`);
  expect(virtualHosts).toEqual([`${name}.books.svc.cluster.local:80`]);
});

describe('a service that is for its own cluster', () => {
  const slice = (address: string): string => `---
kind: EndpointSlice
metadata: {name: a, namespace: books, labels: {kubernetes.io/service-name: a}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: [${address}]}]
`;
  const mesh = (serviceSettings: object[]): ConfigChange => {
    const content = JSON.stringify({ spec: { serviceSettings } });
    const resources = new Map([[MESH_CONFIG_KEY, { content, origin: { file: '', line: 0 } }]]);
    return { kind: 'reset', state: { epoch: '', revision: 1, stateHash: '', resources }, stale: false };
  };
  const HOST = 'a.books.svc.cluster.local';

  /** The addresses that a proxy of a cluster gets. */
  function endpointsFrom(cluster: string, serviceSettings: object[]): string[] {
    const said = [
      { id: { id: 'west', rank: 0 }, yaml: west + slice('10.1.0.1') },
      { id: { id: 'east', rank: 1 }, yaml: east + slice('10.2.0.1') },
    ].map(({ id, yaml }) => KubernetesRegistry.empty(id).apply(editsOf(yaml)).change);
    const all = [...said, mesh(serviceSettings)].reduce(
      (before, change) => before.apply(change).world,
      createWorld({}),
    );
    const node = proxyFromNode({
      id: 'sidecar~10.0.0.1~one.books~books.svc.cluster.local',
      cluster: '',
      metadata: { NAMESPACE: 'books', CLUSTER_ID: cluster },
    });
    if (!node.ok) throw new Error(node.error);
    const found = new Map(generateAll(all, node.proxy)).get(TYPE.endpoint)!;
    const { value } = found.find(({ name }) => name === `outbound|80||${HOST}`)!;
    const text = Buffer.from(value).toString('latin1');
    return ['10.1.0.1', '10.2.0.1'].filter((address) => text.includes(address));
  }
  const local = (...hosts: string[]): object => ({ hosts, settings: { clusterLocal: true } });

  it.each([
    ['west', [], ['10.1.0.1', '10.2.0.1']],
    ['west', [local(HOST)], ['10.1.0.1']],
    ['east', [local('*.books.svc.cluster.local')], ['10.2.0.1']],
    // Who is in no cluster, is where Pilot is.
    ['', [local(HOST)], ['10.1.0.1']],
    ['unknown', [local(HOST)], ['10.1.0.1']],
    // The most specific counts.
    ['east', [local('*.cluster.local'), { hosts: [HOST], settings: {} }], ['10.1.0.1', '10.2.0.1']],
  ])('gives a client in %j by %j %j', (cluster, settings, wanted) => {
    expect(endpointsFrom(cluster, settings)).toEqual(wanted);
  });
});

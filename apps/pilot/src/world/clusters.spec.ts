import { expect, it } from '@jest/globals';
import { envoy } from '#common/proto/envoy';
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

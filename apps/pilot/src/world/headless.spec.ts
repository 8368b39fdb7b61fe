import { expect, it } from '@jest/globals';
import { generateAll } from '../generate/generate-all.js';
import { proxyFromNode } from '../model/node.js';
import { TYPE } from '../model/contract.js';
import type { RegistryChange } from '../model/registry.js';
import { KubernetesRegistry } from '../registries/kubernetes/kubernetes-registry.js';
import { clusterOf, editsOf } from '../registries/testing/cluster.js';
import { createWorld } from './world.js';

const CLUSTER = 'outbound|80||db.books.svc.cluster.local';

const HEADLESS = `
kind: Service
metadata: {name: db, namespace: books}
spec: {clusterIP: None, ports: [{port: 80, name: tcp}]}
---
kind: EndpointSlice
metadata: {name: db, namespace: books, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: tcp, port: 80}]
endpoints: [{addresses: [10.1.0.1]}]
`;

/** Names of what a proxy gets in a cluster with a headless service of one pod, and whatever other clusters say. */
function names(
  type: 'sidecar' | 'router',
  of: 'endpoint' | 'listener',
  ...others: RegistryChange[]
): string[] {
  const id = `${type}~10.0.0.1~one.books~books.svc.cluster.local`;
  const node = proxyFromNode({ id, cluster: '', metadata: { NAMESPACE: 'books' } });
  if (!node.ok) throw new Error(node.error);
  const changes = [clusterOf(HEADLESS).change, ...others];
  const world = changes.reduce((before, change) => before.apply(change).world, createWorld({}));
  return (new Map(generateAll(world, node.proxy)).get(TYPE[of]) ?? []).map(({ name }) => name);
}

it('lets the clients of a sidecar connect to the endpoints of a headless service by their addresses', () => {
  expect(names('sidecar', 'listener')).toContain('10.1.0.1_80');
  expect(names('sidecar', 'endpoint')).not.toContain(CLUSTER);
});

it('has a gateway choose among them', () => {
  expect(names('router', 'endpoint')).toContain(CLUSTER);
});

it('has it choose also where the service has a virtual address in another cluster', () => {
  const elsewhere = KubernetesRegistry.empty({ id: 'elsewhere', rank: 1 }).apply(
    editsOf(`
kind: Service
metadata: {name: db, namespace: books}
spec: {clusterIP: 10.96.0.1, ports: [{port: 80, name: tcp}]}
`),
  );
  expect(names('router', 'endpoint', elsewhere.change)).toContain(CLUSTER);
});

import { expect, it } from '@jest/globals';
import { generateAll } from '../generate/generate-all.js';
import { proxyFromNode } from '../model/node.js';
import { TYPE } from '../model/contract.js';
import { clusterOf } from '../registries/testing/cluster.js';
import { createWorld } from './world.js';

const CLUSTER = 'outbound|80||db.books.svc.cluster.local';

/** Names of what a proxy gets in a cluster with a headless service of one pod. */
function names(type: 'sidecar' | 'router', of: 'endpoint' | 'listener'): string[] {
  const { change } = clusterOf(`
kind: Service
metadata: {name: db, namespace: books}
spec: {clusterIP: None, ports: [{port: 80, name: tcp}]}
---
kind: EndpointSlice
metadata: {name: db, namespace: books, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: tcp, port: 80}]
endpoints: [{addresses: [10.1.0.1]}]
`);
  const id = `${type}~10.0.0.1~one.books~books.svc.cluster.local`;
  const node = proxyFromNode({ id, cluster: '', metadata: { NAMESPACE: 'books' } });
  if (!node.ok) throw new Error(node.error);
  const generated = generateAll(createWorld({}).apply(change).world, node.proxy);
  return (new Map(generated).get(TYPE[of]) ?? []).map(({ name }) => name);
}

it('lets the clients of a sidecar connect to the endpoints of a headless service by their addresses', () => {
  expect(names('sidecar', 'listener')).toContain('10.1.0.1_80');
  expect(names('sidecar', 'endpoint')).not.toContain(CLUSTER);
});

it('has a gateway choose among them', () => {
  expect(names('router', 'endpoint')).toContain(CLUSTER);
});

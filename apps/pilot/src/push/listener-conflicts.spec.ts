import { expect, it } from '@jest/globals';
import { delta } from '../ads/delta.js';
import { generators } from '../generate/generators.js';
import { proxyFromNode } from '../model/node.js';
import { readResources } from '../testing/read-resources.js';
import { worldOf } from '../translate.js';
import { PushEngine } from './engine.js';
import { ListenerConflicts } from './listener-conflicts.js';

const TCP = 'pilot_conflict_outbound_listener_tcp_over_current_tcp';
const INBOUND = 'pilot_conflict_inbound_listener';

const entry = (name: string, year: number, port: string, address: string): string => `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, creationTimestamp: "${year}-01-01T00:00:00Z"}
spec:
  hosts: [${name}.example.com]
  addresses: [10.1.0.1]
  ports: [${port}]
  resolution: STATIC
  endpoints: [{address: ${address}}]
`;
const TWO_AT_ONE_ADDRESS = [
  entry('new', 2021, '{number: 5432, name: tcp, protocol: TCP}', '10.9.0.1'),
  entry('old', 2020, '{number: 5432, name: tcp, protocol: TCP}', '10.9.0.2'),
].join('');

class Scene {
  readonly engine = new PushEngine(generators, { warmingTimeoutMs: 5_000, maxNames: 1_000, maxTypes: 16 });
  readonly conflicts = new ListenerConflicts(this.engine);

  update(text: string): void {
    const world = worldOf(readResources(text));
    this.engine.update({ world, changed: [], committedAt: undefined, receivedAt: 0 });
  }

  connect(type: string, address: string, namespace = 'default'): void {
    const id = `${type}~${address}~app.${namespace}~${namespace}.svc.cluster.local`;
    const node = proxyFromNode({ id, cluster: '', metadata: {} });
    if (!node.ok) throw new Error(node.error);
    this.engine.connect(node.proxy, delta, 0);
  }
}

it('counts a conflict once, however many proxies and namespaces see it', () => {
  const scene = new Scene();
  expect(scene.conflicts.count(TCP)).toBe(0);
  scene.update(TWO_AT_ONE_ADDRESS);
  expect(scene.conflicts.count(TCP)).toBe(0);
  scene.connect('router', '10.0.0.9');
  expect(scene.conflicts.count(TCP)).toBe(0);
  scene.connect('sidecar', '10.0.0.1');
  expect(scene.conflicts.count(TCP)).toBe(1);
  scene.connect('sidecar', '10.0.0.2');
  scene.connect('sidecar', '10.0.0.3', 'other');
  expect(scene.conflicts.count(TCP)).toBe(1);
  expect(scene.conflicts.diagnostics()).toMatchObject([
    { code: 'QT2002', message: expect.stringMatching(/^new.example.com loses .* 10.1.0.1_5432 to old/) },
  ]);
  scene.update(entry('old', 2020, '{number: 5432, name: tcp, protocol: TCP}', '10.9.0.2'));
  expect(scene.conflicts.count(TCP)).toBe(0);
});

it('counts ports of a workload for each workload', () => {
  const scene = new Scene();
  scene.update(
    entry('a', 2020, '{number: 80, name: http}', '10.0.0.1') +
      entry('b', 2021, '{number: 80, name: tcp, protocol: TCP}', '10.0.0.1') +
      entry('c', 2021, '{number: 80, name: http}', '10.0.0.2'),
  );
  scene.connect('sidecar', '10.0.0.2');
  expect(scene.conflicts.count(INBOUND)).toBe(0);
  scene.connect('sidecar', '10.0.0.1');
  expect(scene.conflicts.count(INBOUND)).toBe(1);
});

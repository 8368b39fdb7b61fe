import { expect, it } from '@jest/globals';
import { proxyFromNode } from '../../model/node.js';
import { readResources } from '../../testing/read-resources.js';
import { worldOf } from '../../translate.js';
import { inboundConflicts, outboundConflicts } from './conflicts.js';

const entry = (host: string, year: number, more: string): string => `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host}, creationTimestamp: "${year}-01-01T00:00:00Z"}
spec: {hosts: [${host}.example.com], resolution: STATIC, ${more}}
`;
const port = (number: number, protocol: string, address = '10.9.0.9'): string =>
  `ports: [{number: ${number}, name: p, protocol: "${protocol}"}], endpoints: [{address: ${address}}]`;

function found(...entries: string[]) {
  const node = proxyFromNode({
    id: 'sidecar~10.0.0.1~a.default~default.svc.cluster.local',
    cluster: '',
    metadata: {},
  });
  if (!node.ok) throw new Error(node.error);
  const view = worldOf(readResources(entries.join('')))
    .view(() => undefined)
    .scopedTo(node.proxy);
  return [...outboundConflicts(view, node.proxy), ...inboundConflicts(view, node.proxy)];
}

it('names who loses a port to an older service', () => {
  const metric = 'pilot_conflict_outbound_listener_tcp_over_current_tcp';
  const shared = { metric, listener: '0.0.0.0_5432', winner: 'old.example.com' };
  expect(found(entry('new', 2021, port(5432, 'TCP')), entry('old', 2020, port(5432, 'TCP')))).toEqual([
    // Both have the endpoint 10.9.0.9.
    { ...shared, listener: '10.9.0.9_5432', loser: 'new.example.com' },
    { ...shared, loser: 'new.example.com' },
  ]);
});

it('finds none between HTTP and TCP, between names, or where each has an address', () => {
  expect(found(entry('a', 2020, port(80, 'TCP')), entry('b', 2021, port(80, 'HTTP')))).toEqual([]);
  expect(found(entry('a', 2020, port(443, 'TLS')), entry('b', 2021, port(443, 'TLS')))).toEqual([]);
  const at = (address: string): string => `addresses: [${address}], ${port(5432, 'TCP')}`;
  expect(found(entry('a', 2020, at('10.1.0.1')), entry('b', 2021, at('10.1.0.2')))).toEqual([]);
});

it('names services of one workload that speak different things on one port of it', () => {
  const conflicts = found(
    entry('a', 2020, port(80, 'HTTP', '10.0.0.1')),
    entry('b', 2020, port(80, 'TCP', '10.0.0.1')),
  );
  expect(conflicts).toEqual([
    {
      metric: 'pilot_conflict_inbound_listener',
      listener: '0.0.0.0_80',
      winner: 'a.example.com',
      loser: 'b.example.com',
    },
  ]);
});

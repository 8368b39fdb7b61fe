import { describe, expect, it } from '@jest/globals';
import type { RegisteredService } from '../../model/registry.js';
import type { Workload } from '../../model/workload.js';
import { clusterOf, editsOf } from '../testing/cluster.js';

const SERVICE = `
kind: Service
metadata: {name: a, namespace: books}
spec: {clusterIP: 10.96.0.1, ipFamilies: [IPv4, IPv6], ports: [{port: 80, name: http, targetPort: web}]}
`;
const slice = (name: string, more: string): string => `---
kind: EndpointSlice
metadata: {name: ${name}, namespace: books, labels: {kubernetes.io/service-name: a}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: ${more}
`;
const pod = (name: string, more = '', status = ''): string => `---
kind: Pod
metadata:
  name: ${name}
  namespace: books
  creationTimestamp: '2026-01-01T00:00:00Z'
  labels: {app: a, pod-template-hash: 5d8}
  ownerReferences: [{kind: ReplicaSet, name: a-v1-5d8, controller: true}]
  ${more}
spec: {nodeName: n1, serviceAccountName: books}
status:
  podIPs: [{ip: 10.1.0.1}]
  conditions: [{type: Ready, status: 'True'}]
  ${status}
`;
const NODE = `---
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/region: eu, failure-domain.beta.kubernetes.io/zone: eu-1}}
`;
const target = (name: string, conditions = 'ready: true'): string =>
  `{addresses: [10.1.0.1], conditions: {${conditions}}, nodeName: n1, targetRef: {kind: Pod, name: ${name}}}`;

function registered(...parts: string[]): RegisteredService {
  return clusterOf([SERVICE, ...parts].join('')).change.services.get('books/a.books.svc.cluster.local')!;
}

const addresses = ({ endpoints, idle }: RegisteredService): string[][] =>
  [endpoints, idle].map((list) => list.map(({ address }) => address));

describe('an endpoint', () => {
  it('is what its pod is: who, where, of which workload', () => {
    const { endpoints } = registered(slice('s', `[${target('p')}]`), pod('p'), NODE);
    expect(endpoints).toEqual([
      {
        ...{ address: '10.1.0.1', ports: { http: 8080 }, namesAllPorts: true },
        labels: {
          ...{ app: 'a', 'pod-template-hash': '5d8' },
          ...{ 'topology.istio.io/cluster': 'Kubernetes', 'kubernetes.io/hostname': 'n1' },
        },
        ...{ locality: 'eu/eu-1', node: 'n1', weight: 0, namespace: 'books', serviceAccount: 'books' },
        ...{ tlsMode: 'disabled', source: '/Pod/books/p', index: 0, registry: 'Kubernetes' },
        workload: { kind: 'Deployment', name: 'a-v1' },
      },
    ]);
  });

  it('waits for its pod, and goes with it', () => {
    const without = clusterOf(SERVICE + slice('s', `[${target('p')}]`));
    const id = 'books/a.books.svc.cluster.local';
    expect(addresses(without.change.services.get(id)!)).toEqual([[], []]);
    const there = without.registry.apply(editsOf(pod('p')));
    expect(addresses(there.change.services.get(id)!)).toEqual([['10.1.0.1'], []]);
    const gone = there.registry.apply([{ type: 'pods', key: 'books/p', object: undefined }]);
    expect(addresses(gone.change.services.get(id)!)).toEqual([[], []]);
  });

  it('takes no traffic until it is ready; one that ends takes it only where there are no others', () => {
    const ending = '{addresses: [10.1.0.2], conditions: {ready: false, serving: true, terminating: true}}';
    const waiting = '{addresses: [10.1.0.3], conditions: {ready: false, serving: false}}';
    expect(addresses(registered(slice('s', `[${ending}, ${waiting}]`)))).toEqual([
      ['10.1.0.2'],
      ['10.1.0.3'],
    ]);
    const ready = '{addresses: [10.1.0.4]}';
    expect(addresses(registered(slice('s', `[${ending}, ${waiting}, ${ready}]`)))).toEqual([
      ['10.1.0.4'],
      ['10.1.0.2', '10.1.0.3'],
    ]);
  });

  it('counts once while it moves from one slice to another', () => {
    const twice = registered(
      slice('s', '[{addresses: [10.1.0.4]}]'),
      slice('t', '[{addresses: [10.1.0.4]}]'),
    );
    expect(addresses(twice)).toEqual([['10.1.0.4'], []]);
  });

  it('of two families is one, under the address of the first', () => {
    const both = pod('p').replace('{ip: 10.1.0.1}', "{ip: 10.1.0.1}, {ip: 'fd00::1'}");
    const six = slice('six', `[${target('p')}]`)
      .replace('IPv4', 'IPv6')
      .replace('10.1.0.1', "'fd00::1'");
    const { endpoints } = registered(slice('s', `[${target('p')}]`), six, both);
    expect(endpoints).toMatchObject([{ address: '10.1.0.1', otherAddresses: ['fd00::1'] }]);
    expect(endpoints).toHaveLength(1);
  });

  it('may have no pod, and then is where its slice says', () => {
    const { endpoints } = registered(slice('s', '[{addresses: [192.0.2.1], zone: eu-2}]'));
    expect(endpoints).toMatchObject([
      { source: 'discovery.k8s.io/EndpointSlice/books/s', locality: '/eu-2', serviceAccount: '' },
    ]);
  });

  it('is in the network that the label of istio-system says', () => {
    const network = `---
kind: Namespace
metadata: {name: istio-system, labels: {topology.istio.io/network: net1}}
`;
    const { endpoints } = registered(slice('s', `[${target('p')}]`), pod('p'), network);
    expect(endpoints[0]?.labels).toMatchObject({ 'topology.istio.io/network': 'net1' });
  });
});

describe('a pod', () => {
  const workload = (text: string): Workload => clusterOf(text).change.workloads.get('/Pod/books/p')!;

  it('is a workload, and an endpoint of what selects it while it is ready', () => {
    expect(workload(pod('p') + NODE)).toMatchObject({
      ...{ key: '/Pod/books/p', kind: 'Pod', registry: 'Kubernetes', namespace: 'books', name: 'p' },
      ...{ addresses: ['10.1.0.1'], locality: 'eu/eu-1', labels: { app: 'a', 'pod-template-hash': '5d8' } },
      endpoint: { address: '10.1.0.1', ports: {}, workload: { kind: 'Deployment', name: 'a-v1' } },
    });
    expect(workload(pod('p').replace("'True'", "'False'")).endpoint).toBeUndefined();
    expect(workload(pod('p', "deletionTimestamp: '2026-01-01T00:00:00Z'")).endpoint).toBeUndefined();
  });

  it('is not known by the address that it shares with its node', () => {
    expect(workload(pod('p').replace('nodeName: n1', 'hostNetwork: true')).addresses).toEqual([]);
  });

  it.each([
    ['{kind: ReplicaSet, name: a-v1-5d8, controller: true}', 'Deployment', 'a-v1'],
    ['{kind: ReplicaSet, name: single, controller: true}', 'ReplicaSet', 'single'],
    ['{kind: StatefulSet, name: db, controller: true}', 'StatefulSet', 'db'],
    ['{kind: Job, name: nightly-27894561, controller: true}', 'CronJob', 'nightly'],
    ['{kind: Job, name: once, controller: true}', 'Job', 'once'],
    ['{kind: Rollout, name: any}', 'Pod', 'p'],
  ])('that %s made is of %s %s', (owner, kind, name) => {
    const text = pod('p').replace('{kind: ReplicaSet, name: a-v1-5d8, controller: true}', owner);
    expect(workload(text).endpoint?.workload).toEqual({ kind, name });
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Resource } from '../resource.js';
import { resourceKey } from '../resource.js';
import { serviceConflicts } from './service-conflicts.js';
import { sidecarConflicts } from './sidecar-conflicts.js';

function resource(kind: string, name: string, spec: object, namespace = 'default'): Resource {
  const group = 'networking.istio.io';
  const key = resourceKey(group, kind, namespace, name);
  return { key, group, kind, namespace, name, labels: {}, annotations: {}, creationTimestamp: '', spec };
}

const found = (findings: readonly { code: string; resource: string; path: readonly unknown[] }[]): string[] =>
  findings.map(({ code, resource, path }) => `${code} ${resource.split('/').at(-1)} ${path.join('.')}`);

describe('serviceConflicts', () => {
  const entry = (name: string, spec: object = {}, namespace?: string): Resource =>
    resource('ServiceEntry', name, { hosts: ['a.example.com'], ...spec }, namespace);
  const ports = [{ number: 80, name: 'http', protocol: 'HTTP' }];

  it('names what an older entry of the namespace says already', () => {
    const older = entry('a', { resolution: 'DNS', location: 'MESH_EXTERNAL', ports });
    const younger = entry('b', {
      resolution: 'STATIC',
      location: 'MESH_EXTERNAL',
      addresses: ['10.0.0.1'],
      ports: [
        { number: 80, name: 'tcp', protocol: 'TCP' },
        { number: 81, name: 'more' },
      ],
    });
    expect(found(serviceConflicts([younger, older]))).toEqual([
      'serviceConflict b spec.addresses',
      'serviceConflict b spec.resolution',
      'serviceConflict b spec.ports.0',
    ]);
  });

  it('names the host of another namespace that everybody sees', () => {
    const hosts = ['b.example.com', 'a.example.com'];
    expect(found(serviceConflicts([entry('a'), entry('b', { hosts }, 'other')]))).toEqual([
      'serviceConflict b spec.hosts.1',
    ]);
  });

  it.each([
    [
      'that adds endpoints',
      [entry('a', { ports }), entry('b', { ports, endpoints: [{ address: '1.2.3.4' }] })],
    ],
    ['of another namespace that keeps it to itself', [entry('a'), entry('b', { exportTo: ['.'] }, 'other')]],
  ])('has nothing against an entry %s', (_what, entries) => expect(serviceConflicts(entries)).toEqual([]));
});

describe('sidecarConflicts', () => {
  const sidecar = (name: string, labels?: object, namespace?: string): Resource =>
    resource('Sidecar', name, { ...(labels && { workloadSelector: { labels } }) }, namespace);

  it('names a second one for a whole namespace', () => {
    const all = [sidecar('b'), sidecar('a'), sidecar('c', undefined, 'other'), sidecar('d', { app: 'x' })];
    expect(found(sidecarConflicts(all))).toEqual(['sidecarsWithoutSelector b spec']);
  });

  it('names one that selects what another selects, as far as workloads are known', () => {
    const apart = [sidecar('a', { app: 'x' }), sidecar('b', { version: 'v1' })];
    expect(found(sidecarConflicts(apart))).toEqual([]);
    const both = resource('WorkloadEntry', 'w', { labels: { app: 'x', version: 'v1' } });
    expect(found(sidecarConflicts([...apart, both]))).toEqual(['sidecarSelectors b spec.workloadSelector']);
    expect(found(sidecarConflicts([sidecar('a', { app: 'x' }), sidecar('b', { app: 'x' })]))).toEqual([
      'sidecarSelectors b spec.workloadSelector',
    ]);
  });
});

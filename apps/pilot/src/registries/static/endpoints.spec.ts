import { describe, expect, it } from '@jest/globals';
import type { ServiceEntry, WorkloadEntry } from '#config';
import { Config } from '../../model/config.js';
import type { RegisteredService } from '../../model/registry.js';
import { StaticRegistry } from './static-registry.js';
import { workloadOf } from './workloads.js';

function config<Spec>(kind: string, spec: Spec, labels: Record<string, string> = {}): Config<Spec> {
  const content = JSON.stringify({ labels, annotations: {}, creationTimestamp: '', spec });
  return Config.decode(`networking.istio.io/${kind}/default/a`, content);
}

function registered(host: string, entry: Config<ServiceEntry>): RegisteredService | undefined {
  return StaticRegistry.empty.apply([{ after: entry }]).change.services.get(`default/${host}`);
}

describe('a ServiceEntry', () => {
  it('takes a service account for a sidecar unless the label says otherwise', () => {
    const labelled = (tlsMode: string): Record<string, string> => ({ 'security.istio.io/tlsMode': tlsMode });
    const entry = config<ServiceEntry>('ServiceEntry', {
      hosts: ['a'],
      resolution: 'STATIC',
      endpoints: [
        { address: '10.0.0.1', serviceAccount: 'a' },
        { address: '10.0.0.2' },
        { address: '10.0.0.3', labels: labelled('istio') },
        { address: '10.0.0.4', serviceAccount: 'a', labels: labelled('disabled') },
      ],
    });
    const modes = registered('a', entry)?.endpoints.map(({ tlsMode }) => tlsMode);
    expect(modes).toEqual(['istio', 'disabled', 'istio', 'disabled']);
  });

  it('that is resolved by its name is its own endpoint, but for wildcards', () => {
    const entry = config<ServiceEntry>('ServiceEntry', { hosts: ['a.com', '*.a.com'], resolution: 'DNS' });
    expect(registered('a.com', entry)?.fallback).toMatchObject({ address: 'a.com', tlsMode: 'disabled' });
    expect(registered('*.a.com', entry)?.fallback).toBeUndefined();
  });
});

describe('a WorkloadEntry', () => {
  it('has the labels of the resource below those of the spec', () => {
    const spec = { address: '10.0.0.9', labels: { version: 'v2' } };
    const entry = config<WorkloadEntry>('WorkloadEntry', spec, { version: 'v1', app: 'a' });
    expect(workloadOf(entry).endpoint).toMatchObject({
      ...{ address: '10.0.0.9', labels: { app: 'a', version: 'v2' }, source: entry.key },
      workload: { kind: 'WorkloadEntry', name: 'a' },
    });
  });
});

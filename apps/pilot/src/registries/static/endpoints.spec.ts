import { describe, expect, it } from '@jest/globals';
import type { ServiceEntry, WorkloadEntry } from '#config';
import { Config } from '../../model/config.js';
import { endpointsOf } from './endpoints.js';

function config<Spec>(kind: string, spec: Spec, labels: Record<string, string> = {}): Config<Spec> {
  const content = JSON.stringify({ labels, annotations: {}, creationTimestamp: '', spec });
  return Config.decode(`networking.istio.io/${kind}/default/a`, content);
}

const none = (): [] => [];

describe('endpointsOf', () => {
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
    const modes = endpointsOf('a', [entry], none).map(({ tlsMode }) => tlsMode);
    expect(modes).toEqual(['istio', 'disabled', 'istio', 'disabled']);
  });

  it('adds selected workloads, with the labels of the resource below those of the spec', () => {
    const entry = config<ServiceEntry>('ServiceEntry', { hosts: ['a'], resolution: 'STATIC' });
    const spec = { address: '10.0.0.9', labels: { version: 'v2' } };
    const workload = config<WorkloadEntry>('WorkloadEntry', spec, { version: 'v1', app: 'a' });
    expect(endpointsOf('a', [entry], () => [workload])).toMatchObject([
      { address: '10.0.0.9', labels: { app: 'a', version: 'v2' }, source: workload.key },
    ]);
  });

  it('makes a DNS service without endpoints its own endpoint, but for wildcards', () => {
    const entry = config<ServiceEntry>('ServiceEntry', { hosts: ['a.com', '*.a.com'], resolution: 'DNS' });
    expect(endpointsOf('a.com', [entry], none)).toMatchObject([{ address: 'a.com', tlsMode: 'disabled' }]);
    expect(endpointsOf('*.a.com', [entry], none)).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { credentialsIn } from './credentials.js';

describe('credentialsIn', () => {
  it('finds the secrets of all servers of a Gateway', () => {
    const servers = [
      { hosts: ['web'], tls: { credentialName: 'web', caCertCredentialName: 'clients' } },
      { hosts: ['*'], tls: { credentialNames: ['rsa', 'ecdsa'] } },
    ];
    expect(credentialsIn({ servers })).toEqual([
      { path: 'spec.servers[0].tls.credentialName', name: 'web' },
      { path: 'spec.servers[0].tls.caCertCredentialName', name: 'clients' },
      { path: 'spec.servers[1].tls.credentialNames[0]', name: 'rsa' },
      { path: 'spec.servers[1].tls.credentialNames[1]', name: 'ecdsa' },
    ]);
  });

  it('finds those of a DestinationRule at every level', () => {
    const policy = (credentialName: string) => ({ tls: { mode: 'MUTUAL', credentialName } });
    const spec = {
      host: 'a',
      trafficPolicy: { ...policy('all'), portLevelSettings: [{ port: { number: 1 }, ...policy('port') }] },
      subsets: [{ name: 'v1', labels: { credential: 'none' }, trafficPolicy: policy('subset') }],
    };
    expect(credentialsIn(spec).map(({ name }) => name)).toEqual(['all', 'port', 'subset']);
  });
});

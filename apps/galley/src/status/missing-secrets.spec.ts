import { describe, expect, it } from '@jest/globals';
import { missingSecretDiagnostics } from './missing-secrets.js';
import { Fleet, type MissingSecret } from './rollout.js';

const KEY = 'networking.istio.io/Gateway/edge/web';
const ORIGIN = { file: 'a.yaml', line: 3 };
const servers = [{ hosts: ['*'] }, { hosts: ['a'], tls: { credentialName: 'web' } }];
const resources = new Map([[KEY, { content: JSON.stringify({ spec: { servers } }), origin: ORIGIN }]]);
const missing: MissingSecret = { config: KEY, secret: 'web', reason: 'there is no usable Secret edge/web' };

describe('missingSecretDiagnostics', () => {
  it('tells where the secret is named, and why nobody gets it', () => {
    expect(missingSecretDiagnostics([missing], resources)).toEqual([
      {
        code: 'IST0101',
        level: 'Warning',
        message: 'a proxy asks for secret "web" in vain: there is no usable Secret edge/web',
        path: 'spec.servers[1].tls.credentialName',
        origin: ORIGIN,
        resource: KEY,
      },
    ]);
  });

  it('says nothing of config that is gone, or names another secret now', () => {
    expect(missingSecretDiagnostics([missing], new Map())).toEqual([]);
    expect(missingSecretDiagnostics([{ ...missing, secret: 'old' }], resources)).toEqual([]);
  });
});

describe('a fleet', () => {
  it('says what several Pilots miss once, in an order of its own', () => {
    const other = { ...missing, secret: 'other' };
    const pilot = (name: string, ...all: MissingSecret[]) => ({
      ...{ pilot: name, proxies: 1, held: [], refused: [] },
      missing: all,
    });
    const [one, two] = [pilot('a', missing, other), pilot('b', other, missing)];
    expect(new Fleet([one, two]).missing).toEqual([other, missing]);
    expect(new Fleet([two, { pilot: 'older', proxies: 1, held: [], refused: [] }]).missing).toEqual([
      other,
      missing,
    ]);
  });
});

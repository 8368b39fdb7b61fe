import { describe, expect, it } from '@jest/globals';
import type { PeerAuthentication } from '#config';
import { Config } from '../model/config.js';
import { mtlsMode } from './peer-authentication.js';

function policy(name: string, spec: PeerAuthentication): Config<PeerAuthentication> {
  const content = JSON.stringify({ labels: {}, annotations: {}, creationTimestamp: '', spec });
  return Config.decode(`security.istio.io/PeerAuthentication/default/${name}`, content);
}

const mesh = policy('mesh', { mtls: { mode: 'STRICT' } });
const namespace = policy('namespace', { mtls: { mode: 'DISABLE' } });
const workload = policy('workload', {
  selector: { matchLabels: { app: 'a' } },
  portLevelMtls: { '80': { mode: 'PERMISSIVE' }, '81': { mode: 'UNSET' } },
});

describe('mtlsMode', () => {
  const mode = (local: Config<PeerAuthentication>[], labels: Record<string, string>, port: number): string =>
    mtlsMode(local, [mesh], labels, port).mode;

  it('is PERMISSIVE where nobody says anything', () => {
    expect(mtlsMode([], [], {}, 80)).toEqual({ mode: 'PERMISSIVE', sources: [] });
  });

  it('goes from the mesh to the namespace to the workload to the port', () => {
    expect(mode([], {}, 80)).toBe('STRICT');
    expect(mode([namespace], {}, 80)).toBe('DISABLE');
    expect(mode([namespace, workload], { app: 'a' }, 80)).toBe('PERMISSIVE');
    expect(mode([namespace, workload], { app: 'b' }, 80)).toBe('DISABLE');
  });

  it('leaves what is UNSET to the wider scope', () => {
    expect(mode([namespace, workload], { app: 'a' }, 81)).toBe('DISABLE');
    expect(mode([workload], { app: 'a' }, 81)).toBe('STRICT');
  });

  it('does not take a workload policy of the root namespace for the mesh', () => {
    expect(mtlsMode([], [workload], { app: 'a' }, 80).mode).toBe('PERMISSIVE');
  });
});

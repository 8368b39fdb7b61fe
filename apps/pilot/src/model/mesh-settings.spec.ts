import { describe, expect, it } from '@jest/globals';
import { changedSettings, recordedMesh } from './mesh-settings.js';
import type { MeshSettings } from './mesh-settings.js';
import { meshWithDefaults } from './mesh.js';

const none = meshWithDefaults({}, []);

describe('the settings of the mesh', () => {
  it('differ in the group of what changed, and in no other', () => {
    const changed = changedSettings(none, meshWithDefaults({ connectTimeout: '1s' }, []));
    expect([...changed]).toEqual(['clusters']);
  });

  it('are recorded by group when they are read', () => {
    const read: MeshSettings[] = [];
    const { accessLogFile, trustDomain } = recordedMesh(none, (settings) => read.push(settings));
    expect([accessLogFile, trustDomain]).toEqual(['', 'cluster.local']);
    expect(read).toEqual(['telemetry', 'identity']);
  });

  it('have the defaults of Istio where one is left open', () => {
    const mesh = meshWithDefaults({ pathNormalization: { normalization: 'DEFAULT' } }, []);
    expect(mesh).toMatchObject({ pathNormalization: 'BASE', outboundTrafficPolicy: 'ALLOW_ANY' });
  });

  it('know a provider that Istio has by itself, unless there is another of its name', () => {
    const own = { name: 'envoy', envoyFileAccessLog: { path: '/var/log/a' } };
    const mesh = meshWithDefaults({ extensionProviders: [own] }, []);
    expect(mesh.extensionProviders.filter(({ name }) => name === 'envoy')).toEqual([own]);
    expect(none.extensionProviders.map(({ name }) => name)).toContain('envoy');
  });
});

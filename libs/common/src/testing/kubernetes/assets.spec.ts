import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findKubernetes, kubernetesCache, missingKubernetes } from './assets.js';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'q-assets-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '', { mode: 0o755 });
  return path;
}

describe('the programs of Kubernetes', () => {
  it('are looked for in KUBEBUILDER_ASSETS first, and then in the cache', () => {
    const env = { KUBEBUILDER_ASSETS: join(folder, 'assets'), XDG_CACHE_HOME: folder };
    const cached = program(join(kubernetesCache(env), 'kubectl'));
    expect(findKubernetes('kubectl', env)).toBe(cached);
    const own = program(join(folder, 'assets/kubectl'));
    expect(findKubernetes('kubectl', env)).toBe(own);
    expect(missingKubernetes(env)).toEqual(['etcd', 'kube-apiserver', 'kube-controller-manager']);
  });

  it('lie outside the checkout, apart for each release', () => {
    expect(kubernetesCache({ XDG_CACHE_HOME: '/cache' })).toMatch(
      /^\/cache\/quartet\/kubernetes-\d+\.\d+\.\d+-[0-9a-f]{12}$/,
    );
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findKubernetes, GO_MODULES, missingKubernetes, moduleCache, type GoModule } from './assets.js';

const [kubernetes, helm] = GO_MODULES as [GoModule, GoModule];

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
    const cached = program(join(moduleCache(kubernetes, env), 'kubectl'));
    expect(findKubernetes('kubectl', env)).toBe(cached);
    const own = program(join(folder, 'assets/kubectl'));
    expect(findKubernetes('kubectl', env)).toBe(own);
    expect(missingKubernetes(env)).toEqual(['etcd', 'kube-apiserver', 'kube-controller-manager', 'helm']);
  });

  it('lie outside the checkout, apart for each release', () => {
    const [first, second] = [kubernetes, helm].map((module) =>
      moduleCache(module, { XDG_CACHE_HOME: '/cache' }),
    );
    expect(first).toMatch(/^\/cache\/quartet\/kubernetes-\d+\.\d+\.\d+-[0-9a-f]{12}$/);
    expect(second).toMatch(/^\/cache\/quartet\/helm-\d+\.\d+\.\d+-[0-9a-f]{12}$/);
  });
});

import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../binaries/index.js';

/** The programs of a Kubernetes control plane that tests start. */
export type KubernetesProgram = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubectl';

export const KUBERNETES_PROGRAMS: readonly KubernetesProgram[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
];

/** The release that tools/kubernetes builds. */
export const KUBERNETES_VERSION = '1.34.4';

/** The folder of the Go module that builds all but etcd. */
export const kubernetesModule = (): string => join(packageRoot(), 'tools/kubernetes');

/**
 * Where the built programs lie: outside the checkout, for a build takes minutes, and apart for each state of the
 * module that they are built from.
 */
export function kubernetesCache(env: NodeJS.ProcessEnv = process.env): string {
  const caches = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(caches, 'quartet', `kubernetes-${KUBERNETES_VERSION}-${moduleHash().slice(0, 12)}`);
}

function moduleHash(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go'])
    hash.update(readFileSync(join(kubernetesModule(), file)));
  return hash.digest('hex');
}

/**
 * A program's path: from `KUBEBUILDER_ASSETS` where that folder has it, else from the cache; undefined where neither
 * does.
 *
 * @see https://book.kubebuilder.io/reference/envtest
 */
export function findKubernetes(
  program: KubernetesProgram,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const folders = [env.KUBEBUILDER_ASSETS, kubernetesCache(env)].filter((folder) => !!folder) as string[];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

/** The programs that are nowhere to be found. */
export function missingKubernetes(env: NodeJS.ProcessEnv = process.env): readonly KubernetesProgram[] {
  return KUBERNETES_PROGRAMS.filter((program) => findKubernetes(program, env) === undefined);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

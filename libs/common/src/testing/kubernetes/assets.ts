import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../binaries/index.js';

/** The programs of a Kubernetes control plane that tests start, and what people work on it with. */
export type KubernetesProgram = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubectl' | 'helm';

export const KUBERNETES_PROGRAMS: readonly KubernetesProgram[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'helm',
];

/** The release that tools/kubernetes builds. */
export const KUBERNETES_VERSION = '1.34.4';

/** A Go module in tools/ that programs are built from, by one `go build`. */
export interface GoModule {
  readonly name: 'kubernetes' | 'helm';
  readonly version: string;
  /** What the one executable is, by the names that it is started by. */
  readonly programs: readonly KubernetesProgram[];
}

export const GO_MODULES: readonly GoModule[] = [
  {
    name: 'kubernetes',
    version: KUBERNETES_VERSION,
    programs: ['kube-apiserver', 'kube-controller-manager', 'kubectl'],
  },
  { name: 'helm', version: '3.19.4', programs: ['helm'] },
];

export const moduleFolder = ({ name }: GoModule): string => join(packageRoot(), 'tools', name);

/**
 * Where the built programs lie: outside the checkout, for a build takes minutes, and apart for each state of the
 * module that they are built from.
 */
export function moduleCache(module: GoModule, env: NodeJS.ProcessEnv = process.env): string {
  const caches = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(caches, 'quartet', `${module.name}-${module.version}-${moduleHash(module).slice(0, 12)}`);
}

function moduleHash(module: GoModule): string {
  const hash = createHash('sha256');
  const files = ['go.mod', 'go.sum', 'main.go'].map((file) => join(moduleFolder(module), file));
  for (const file of files.filter((path) => existsSync(path))) hash.update(readFileSync(file));
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
  const caches = GO_MODULES.map((module) => moduleCache(module, env));
  const folders = [env.KUBEBUILDER_ASSETS, ...caches].filter((folder) => !!folder) as string[];
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

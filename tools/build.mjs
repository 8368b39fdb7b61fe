/**
 * Compiles apps, libs and samples into dist/ with swc (types are the business of `npm run typecheck`) and puts the
 * generated protobuf code beside it. Does nothing that is already done: sources are compared by content.
 */
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { generateProto } from './generate-proto.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCES = ['apps', 'libs', 'samples', 'test'];
const stamp = join(root, 'dist/.stamp');

function sourceFiles() {
  const files = SOURCES.filter((dir) => existsSync(join(root, dir))).flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true }).map((file) => join(dir, file)),
  );
  return files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts')).sort();
}

function fingerprint() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  for (const file of [...sourceFiles(), '.swcrc', 'package-lock.json']) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function copyGenerated() {
  for (const bundle of ['envoy', 'edge', 'sds', 'istio']) {
    const from = join(root, 'libs/common/src/proto', bundle, 'gen');
    const to = join(root, 'dist/libs/common/src/proto', bundle, 'gen');
    mkdirSync(to, { recursive: true });
    for (const file of ['index.js', 'descriptor.json', 'rules.json']) {
      if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file));
    }
  }
}

export async function build() {
  await generateProto({ types: false });
  const print = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return;
  const dirs = SOURCES.filter((dir) => existsSync(join(root, dir)));
  const swc = join(root, 'node_modules/@swc/cli/bin/swc.js');
  const result = spawnSync(process.execPath, [swc, ...dirs, '-d', 'dist', '--extensions', '.ts', '-q'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.status !== 0) throw new Error('the TypeScript sources did not compile');
  copyGenerated();
  writeFileSync(stamp, print);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build();
}

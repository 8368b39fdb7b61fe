import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '#common/binaries';
import { tempDir } from '#common/testing';

/** What `deploy/Dockerfile` makes. */
export interface Image {
  /** What lies in {@link Image.workdir}. */
  readonly folder: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
}

interface Stage {
  readonly folder: string;
  workdir: string;
  user: string;
  readonly env: Record<string, string>;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** As in .dockerignore; the test of the image compares them. */
export const IGNORED = ['.git', '.cache', 'gen', 'dist', 'node_modules'];

/**
 * Follows `deploy/Dockerfile` without Docker and without the network: this host's Node is the base, and `npm ci` has
 * the packages of this checkout. What the Dockerfile forgets to copy, or leaves out as needless, is not there.
 *
 * @throws at an instruction that it does not know, and where a command fails or a file is missing
 */
export function buildImage(): Image {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const [instruction = '', ...words] of instructions()) {
    if (instruction === 'FROM') {
      const [, , name = 'last'] = words;
      stage = { folder: join(tempDir('q-image-'), 'root'), workdir: '/', user: 'root', env: {} };
      mkdirSync(stage.folder);
      stages.set(name, stage);
    } else if (stage) follow(stage, instruction, words, stages);
  }
  if (!stage) throw new Error('the Dockerfile has no stage');
  const { folder, ...rest } = stage;
  return { folder: join(folder, rest.workdir), ...rest };
}

function instructions(): string[][] {
  const text = readFileSync(join(packageRoot(), 'deploy/Dockerfile'), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(/\s+/));
}

function follow(
  stage: Stage,
  instruction: string,
  words: readonly string[],
  stages: ReadonlyMap<string, Stage>,
): void {
  const [first = ''] = words;
  if (instruction === 'WORKDIR') {
    stage.workdir = first;
    mkdirSync(join(stage.folder, first), { recursive: true });
  } else if (instruction === 'COPY') copy(stage, words, stages);
  else if (instruction === 'RUN') for (const command of words.join(' ').split(' && ')) run(stage, command);
  else if (instruction === 'ENV') Object.assign(stage.env, Object.fromEntries([first.split('=')]));
  else if (instruction === 'USER') stage.user = first;
  else if (instruction !== 'CMD') throw new Error(`${instruction} is not known here`);
}

function copy(stage: Stage, words: readonly string[], stages: ReadonlyMap<string, Stage>): void {
  const name = /^--from=(.+)$/.exec(words[0] ?? '')?.[1];
  const from = name === undefined ? packageRoot() : stages.get(name)?.folder;
  if (from === undefined) throw new Error(`there is no stage ${name}`);
  const sources = words.slice(name === undefined ? 0 : 1, -1);
  const target = words.at(-1) ?? '';
  const wanted = (path: string): boolean => name !== undefined || !IGNORED.includes(basename(path));
  for (const source of sources) {
    const to = join(
      stage.folder,
      stage.workdir,
      target.endsWith('/') ? join(target, basename(source)) : target,
    );
    cpSync(join(from, source), to, { recursive: true, filter: wanted });
  }
}

function run({ folder, workdir, env }: Stage, command: string): void {
  const cwd = join(folder, workdir);
  if (command === 'npm ci') symlinkSync(join(packageRoot(), 'node_modules'), join(cwd, 'node_modules'));
  else if (command === 'npm prune --omit=dev') prune(cwd);
  else
    execFileSync('sh', ['-c', command], {
      cwd,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: 'pipe',
    });
}

/** Leaves the packages that package-lock.json says are not for development. */
function prune(folder: string): void {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lockfile;
  rmSync(join(folder, 'node_modules'));
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const from = join(packageRoot(), path);
    // Packages for other platforms are not installed.
    if (path === '' || dev || !existsSync(from)) continue;
    const isItsOwn = (file: string): boolean => !file.slice(from.length).split('/').includes('node_modules');
    cpSync(from, join(folder, path), { recursive: true, filter: isItsOwn });
  }
}

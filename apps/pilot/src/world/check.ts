import { RE2JS } from 're2js';
import type { EnvoyFilter } from '#config';
import type { Config } from '../model/config.js';
import { KIND, kindOf } from '../model/kinds.js';
import { arePatches, patchProblems } from './envoy-filter-check.js';
import type { Problem } from './problem.js';

/**
 * What one resource could do to all others: lack what the world files it under, or make Envoy refuse everything that
 * it comes with (a regular expression that RE2 does not take is answered with words that name neither route nor
 * host). Config with such a problem is left out. Galley refuses it first and knows far more; this is the last line.
 */
export function problemsOf(config: Config): Problem[] {
  if (!isObject(config.spec)) return [schemaProblem('has to be an object', 'spec')];
  const kind = kindOf(config.key) ?? '';
  const missing = REQUIRED.get(kind)?.(config.spec) ?? [];
  const refused = kind === KIND.virtualService ? [...badPatterns(config.spec, 'spec', undefined)] : [];
  return [...missing, ...refused];
}

/** What is wrong with parts of a resource that are left out by themselves, while the rest of it counts. */
export function remarksOf(config: Config): Problem[] {
  if (kindOf(config.key) !== KIND.envoyFilter) return [];
  return patchProblems(config as Config<EnvoyFilter>);
}

export function unreadable(error: unknown): Problem {
  return schemaProblem(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, '');
}

type Members = Readonly<Record<string, unknown>>;

/** By what the indexes of the world file each kind. */
const REQUIRED: ReadonlyMap<string, (spec: Members) => Problem[]> = new Map([
  [KIND.serviceEntry, ({ hosts }) => required(isTexts(hosts), 'spec.hosts')],
  [
    KIND.virtualService,
    // Without hosts it is a delegate.
    ({ hosts, http }) => required(hosts ? isTexts(hosts) : Array.isArray(http), 'spec.hosts'),
  ],
  [KIND.destinationRule, ({ host }) => required(typeof host === 'string', 'spec.host')],
  [KIND.envoyFilter, ({ configPatches }) => required(arePatches(configPatches), 'spec.configPatches')],
  [
    KIND.gateway,
    ({ servers }) => required(Array.isArray(servers) && servers.every(isServer), 'spec.servers'),
  ],
]);

function required(isThere: boolean, path: string): Problem[] {
  return isThere ? [] : [schemaProblem('is missing or not what it should be', path)];
}

function schemaProblem(message: string, path: string): Problem {
  return { code: 'IST0106', level: 'Error', message: `${path} ${message}`.trim(), path };
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isServer(server: unknown): boolean {
  if (!isObject(server) || !isObject(server.port) || !isTexts(server.hosts)) return false;
  return typeof server.port.number === 'number' && typeof server.port.protocol === 'string';
}

/** Where a lone `*` is no pattern but asks for presence. */
const PRESENCE = /\.match\[\d+\]\.(?:headers|withoutHeaders|queryParams)\.[^]*$/;

/** Patterns stand under `regex`, or `match` of an uriRegexRewrite. */
function* badPatterns(value: unknown, path: string, parent: string | undefined): IterableIterator<Problem> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const here = Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`;
    const isPattern = name === 'regex' || (name === 'match' && parent === 'uriRegexRewrite');
    if (isPattern && member === '*' && PRESENCE.test(path)) continue;
    if (isPattern && typeof member === 'string') yield* badPattern(member, here);
    else yield* badPatterns(member, here, name);
  }
}

function* badPattern(pattern: string, path: string): IterableIterator<Problem> {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    yield schemaProblem(`is refused by RE2: ${reason}`, path);
  }
}

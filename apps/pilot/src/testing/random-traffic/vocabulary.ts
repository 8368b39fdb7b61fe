import fc from 'fast-check';
import type { StringMatch } from '#config';

/** Few words, so that conditions and requests meet: each regular expression with what it matches as a whole. */
export const PATHS = ['/a', '/a/b', '/b/c', '/items/12', '/A/B', '/'] as const;
export const PATH_PATTERNS = new Map([
  ['/items/[0-9]+', ['/items/12', '/items/7']],
  ['/a(/.*)?', ['/a', '/a/x/y']],
  ['/[bc]/.*', ['/b/c', '/c/']],
  ['.*', ['/', '/z']],
]);
export const VALUES = ['v1', 'v2', 'w'] as const;
export const VALUE_PATTERNS = new Map([
  ['v[0-9]', ['v1', 'v2']],
  ['.+', ['w', 'anything']],
]);
export const METHODS = ['GET', 'POST', 'PUT', 'OPTIONS'] as const;
export const ORIGINS = ['https://a.example', 'https://b.example', 'http://c.test'] as const;

/** Conditions are on these; what routes set and remove are others. */
export const CONDITION_HEADERS = ['h-one', 'h-two'] as const;
export const ROUTE_HEADERS = ['x-a', 'x-b'] as const;
export const TARGET_HEADERS = ['x-c', 'x-d'] as const;
export const QUERY_NAMES = ['q', 'r'] as const;

export function condition(
  texts: readonly string[],
  patterns: ReadonlyMap<string, unknown>,
): fc.Arbitrary<StringMatch> {
  return fc.oneof(
    fc.constantFrom(...texts).map((exact) => ({ exact })),
    fc.constantFrom(...texts).map((text) => ({ prefix: text.slice(0, 2) })),
    fc.constantFrom(...patterns.keys()).map((regex) => ({ regex })),
  );
}

/** Something that meets the condition. */
export function satisfying(wanted: StringMatch | Record<string, never>, dice: number): string {
  if ('exact' in wanted && typeof wanted.exact === 'string') return wanted.exact;
  if ('prefix' in wanted && typeof wanted.prefix === 'string')
    return `${wanted.prefix}${dice % 2 ? '' : 'x'}`;
  const pattern = 'regex' in wanted ? String(wanted.regex) : '.+';
  const texts = PATH_PATTERNS.get(pattern) ??
    VALUE_PATTERNS.get(pattern) ??
    OTHER_PATTERNS.get(pattern) ?? ['w'];
  return texts[dice % texts.length] ?? '';
}

export const OTHER_PATTERNS = new Map([
  ['GET|PUT', ['GET', 'PUT']],
  ['https?', ['http', 'https']],
  ['[^.]+', ['a']],
  ['https://.*[.]example', ['https://a.example', 'https://b.example']],
]);

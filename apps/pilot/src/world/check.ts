import { RE2JS } from 're2js';
import type { Diagnostic } from '#config';
import type { Config } from '../model/config.js';
import { KIND, kindOf } from '../model/kinds.js';

export type Problem = Omit<Diagnostic, 'origin' | 'resource'>;

/**
 * What would make Envoy refuse everything that it comes with: a regular expression that RE2 does not take is answered
 * with words that name neither route nor host. Config with such a problem is left out. Galley refuses it first; this
 * is for logs written by others.
 */
export function problemsOf(config: Config): Problem[] {
  if (typeof config.spec !== 'object' || config.spec === null) {
    return [{ code: 'IST0106', level: 'Error', message: 'spec is not an object', path: 'spec' }];
  }
  return kindOf(config.key) === KIND.virtualService ? [...badPatterns(config.spec, 'spec', undefined)] : [];
}

/** Patterns stand under `regex`, or `match` of an uriRegexRewrite. */
function* badPatterns(value: unknown, path: string, parent: string | undefined): IterableIterator<Problem> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const here = Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`;
    const isPattern = name === 'regex' || (name === 'match' && parent === 'uriRegexRewrite');
    if (isPattern && typeof member === 'string') yield* badPattern(member, here);
    else yield* badPatterns(member, here, name);
  }
}

function* badPattern(pattern: string, path: string): IterableIterator<Problem> {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    yield { code: 'IST0106', level: 'Error', message: `regular expression refused by RE2: ${reason}`, path };
  }
}

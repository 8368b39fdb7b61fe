import { RE2JS } from 're2js';
import type { RegexRewrite, RouteMatch } from './envoy-config.js';

/** Without query and fragment. */
export function pathOnly(path: string): string {
  return path.split(/[?#]/, 1)[0] ?? '';
}

/** The query's parameters as they stand; of several of one name the first counts. */
export function queryOf(path: string): ReadonlyMap<string, string> {
  const text = path.slice(pathOnly(path).length + 1).split('#', 1)[0] ?? '';
  const found = new Map<string, string>();
  for (const pair of text.split('&')) {
    const [name = ''] = pair.split('=', 1);
    if (pair !== '' && !found.has(name)) found.set(name, pair.slice(name.length + 1));
  }
  return found;
}

/** Dot segments are resolved, a backslash is a slash, and where told several slashes are one. */
export function normalisedPath(path: string, { merge = false }: { merge?: boolean } = {}): string {
  const rest = path.slice(pathOnly(path).length);
  const segments = pathOnly(path).replaceAll('\\', '/').split('/').slice(1);
  const kept: string[] = [];
  segments.forEach((segment, index) => {
    const name = segment.replace(/%2e/gi, '.');
    const last = index === segments.length - 1;
    if (name === '..') kept.pop();
    if (name !== '.' && name !== '..') kept.push(segment);
    else if (last) kept.push('');
  });
  const whole = `/${kept.join('/')}`;
  return (merge ? whole.replace(/\/{2,}/g, '/') : whole) + rest;
}

/** What a prefix rewrite replaces: the prefix that matched, or all of a path that matched as a whole. */
export function rewrittenPath(
  path: string,
  match: RouteMatch,
  { prefix, regex }: { prefix?: string | undefined; regex?: RegexRewrite | undefined },
): string {
  const only = pathOnly(path);
  if (regex) return substituted(only, regex) + path.slice(only.length);
  if (!prefix) return path;
  const matched = match.prefix ?? match.path_separated_prefix;
  return prefix + path.slice(matched === undefined ? only.length : matched.length);
}

/** RE2's global replacement: `\1` is a group, `\\` a backslash. */
function substituted(text: string, { pattern, substitution = '' }: RegexRewrite): string {
  const matcher = RE2JS.compile(pattern.regex).matcher(text);
  let out = '';
  let end = 0;
  while (matcher.find()) {
    out += text.slice(end, matcher.start());
    out += substitution.replace(/\\(\d|\\)/g, (_whole, reference: string) =>
      reference === '\\' ? '\\' : (matcher.group(Number(reference)) ?? ''),
    );
    end = matcher.end();
  }
  return out + text.slice(end);
}

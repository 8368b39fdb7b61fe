import type { StringMatch } from '#config';
import type { envoy } from '#common/proto/envoy';

type StringMatcher = envoy.type.matcher.v3.StringMatcher.$Properties;

/** An entry of a match map: a StringMatch, or nothing at all, which asks only for presence. */
export type MatchEntry = StringMatch | Readonly<Record<string, never>>;

/** Undefined for a match that any present value satisfies; `regex: "*"` is Istio's other way to write that. */
export function stringMatcher(match: MatchEntry, ignoreCase = false): StringMatcher | undefined {
  if ('exact' in match) return { exact: match.exact, ignoreCase };
  if ('prefix' in match) return match.prefix === '' ? undefined : { prefix: match.prefix, ignoreCase };
  if ('regex' in match) return match.regex === '*' ? undefined : { safeRegex: regex(match.regex) };
  return undefined;
}

/** RE2 syntax; the world holds none that RE2 refuses. */
export function regex(pattern: string): envoy.type.matcher.v3.RegexMatcher.$Properties {
  return { regex: pattern };
}

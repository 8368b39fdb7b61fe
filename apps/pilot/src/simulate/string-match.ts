import { RE2JS } from 're2js';
import type { HeaderMatcher, StringMatcher } from './envoy-config.js';

/** Envoy's regular expressions are RE2's and match the whole of a text, never a part. */
export function matchesWhole(pattern: string, text: string): boolean {
  return RE2JS.matches(pattern, text);
}

/** @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/string.proto */
export function matchesString(matcher: StringMatcher, text: string): boolean {
  const { exact, prefix, suffix, contains, safe_regex: regex } = matcher;
  if (regex) return matchesWhole(regex.regex, text);
  const fold = (value: string): string => (matcher.ignore_case ? value.toLowerCase() : value);
  const folded = fold(text);
  if (exact !== undefined) return folded === fold(exact);
  if (prefix !== undefined) return folded.startsWith(fold(prefix));
  if (suffix !== undefined) return folded.endsWith(fold(suffix));
  return contains !== undefined && folded.includes(fold(contains));
}

/**
 * A header matcher against all values of the header, or undefined for none. A header that is missing satisfies no
 * matcher of values, inverted or not, unless it is to count as empty.
 */
export function matchesHeader(matcher: HeaderMatcher, value: string | undefined): boolean {
  const { present_match: present, string_match: wanted, invert_match: inverted = false } = matcher;
  if (!wanted) return ((value !== undefined) === (present ?? true)) !== inverted;
  const text = value ?? (matcher.treat_missing_header_as_empty ? '' : undefined);
  return text !== undefined && matchesString(wanted, text) !== inverted;
}

import { RE2JS } from 're2js';

/** Longer patterns are refused: RE2 runs in linear time, but its program grows with the pattern. */
export const MAX_PATTERN_LENGTH = 1024;
const CACHE_SIZE = 256;

/** A compiled pattern, searched for anywhere in a text (RE2's unanchored match). */
export type Pattern = (text: string) => boolean;

/** Compiles an RE2 pattern; a text that says why it cannot be used instead. */
export function compilePattern(pattern: string): Pattern | string {
  if (pattern.length > MAX_PATTERN_LENGTH)
    return `the pattern is longer than ${MAX_PATTERN_LENGTH} characters`;
  try {
    const compiled = RE2JS.compile(pattern);
    return (text) => compiled.matcher(text).find();
  } catch (error) {
    return `the pattern ${JSON.stringify(pattern)} is no RE2 expression: ${String(error)}`;
  }
}

/** Remembers the latest patterns that came as values; at most 256, the oldest goes. */
export class PatternCache {
  private readonly compiled = new Map<string, Pattern | string>();

  get(pattern: string): Pattern | string {
    const known = this.compiled.get(pattern);
    if (known !== undefined) return known;
    const fresh = compilePattern(pattern);
    const oldest = this.compiled.size >= CACHE_SIZE ? this.compiled.keys().next() : undefined;
    if (oldest && !oldest.done) this.compiled.delete(oldest.value);
    this.compiled.set(pattern, fresh);
    return fresh;
  }
}

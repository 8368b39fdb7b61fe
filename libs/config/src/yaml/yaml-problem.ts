import type { CodeName } from '../codes.js';

/** A finding of the YAML reader, at a 1-based line of the text. */
export interface YamlProblem {
  readonly code: CodeName;
  readonly message: string;
  readonly line: number;
}

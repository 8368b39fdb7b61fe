export interface CelToken {
  readonly kind: 'name' | 'number' | 'string' | 'symbol' | 'unknown';
  readonly text: string;
}

const STRING = /[rRbB]{0,2}(?:"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/y;
const NUMBER =
  /(?:0[xX][0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+|\d+[uU]?)/y;
const NAME = /[A-Za-z_]\w*/y;
const SYMBOL = /\|\||&&|<=|>=|==|!=|[-<>+*/%!?:.,()[\]{}]/y;
const SPACE = /(?:\s+|\/\/[^\n]*)+/y;

const KINDS: readonly (readonly [CelToken['kind'], RegExp])[] = [
  ['string', STRING],
  ['number', NUMBER],
  ['name', NAME],
  ['symbol', SYMBOL],
];

/** The tokens of a CEL expression; a character that begins none is one of its own. */
export function celTokens(text: string): CelToken[] {
  const tokens: CelToken[] = [];
  let at = end(SPACE, text, 0);
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push(token);
    at = end(SPACE, text, at + token.text.length);
  }
  return tokens;
}

function tokenAt(text: string, at: number): CelToken {
  for (const [kind, pattern] of KINDS) {
    const next = end(pattern, text, at);
    if (next > at)
      return { kind: text.slice(at, next) === 'in' ? 'symbol' : kind, text: text.slice(at, next) };
  }
  return { kind: 'unknown', text: text[at] ?? '' };
}

/** Where a match of the sticky pattern that begins at `at` ends; `at` where there is none. */
function end(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}

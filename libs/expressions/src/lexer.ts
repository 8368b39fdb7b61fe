import { ExpressionError } from './ast.js';

export interface Token {
  readonly kind: 'identifier' | 'int' | 'float' | 'string' | 'operator' | 'end';
  /** The source text; of a string, what it stands for. */
  readonly text: string;
  readonly position: number;
}

const SPACE = /[ \t\r\n]+/y;
const IDENTIFIER = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const FLOAT = /(?:\d[\d_]*\.[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*[eE][+-]?\d+|\.\d[\d_]*(?:[eE][+-]?\d+)?)/y;
const INT = /0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*/y;
const OPERATOR = /\|\||&&|==|!=|<=|>=|[<>|+\-!*/%()[\],.]/y;

/**
 * Cuts an expression into tokens of Go's lexical grammar. Runs in linear time: each pattern is sticky and none can
 * backtrack over what another has taken.
 *
 * @throws ExpressionError for what is no token
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while ((position = skipSpace(text, position)) < text.length) {
    const { token, end } = readToken(text, position);
    tokens.push(token);
    position = end;
  }
  tokens.push({ kind: 'end', text: '', position });
  return tokens;
}

function skipSpace(text: string, position: number): number {
  return position + (matchAt(SPACE, text, position)?.length ?? 0);
}

function readToken(text: string, position: number): { token: Token; end: number } {
  const first = text[position];
  if (first === '"' || first === '`' || first === "'") return readString(text, position, first);
  for (const [kind, pattern] of PATTERNS) {
    const found = matchAt(pattern, text, position);
    if (found !== undefined) return { token: { kind, text: found, position }, end: position + found.length };
  }
  throw new ExpressionError(`illegal character ${JSON.stringify(first)}`, position);
}

// A float before an int, or `1.5` would be cut into `1` and `.5`.
const PATTERNS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['identifier', IDENTIFIER],
  ['float', FLOAT],
  ['int', INT],
  ['operator', OPERATOR],
];

function matchAt(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

function readString(text: string, position: number, quote: string): { token: Token; end: number } {
  const parts: string[] = [];
  let at = position + 1;
  while (text[at] !== quote) {
    if (at >= text.length) throw new ExpressionError('string literal not terminated', position);
    if (text[at] === '\\' && quote !== '`') {
      const escape = readEscape(text, at);
      parts.push(escape.value);
      at = escape.end;
    } else parts.push(text[at++] ?? '');
  }
  const value = parts.join('');
  if (quote === "'" && [...value].length !== 1) {
    throw new ExpressionError('a rune literal holds exactly one character', position);
  }
  return { token: { kind: 'string', text: value, position }, end: at + 1 };
}

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
]);
const NUMERIC = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3}))/y;

function readEscape(text: string, position: number): { value: string; end: number } {
  const simple = SIMPLE.get(text[position + 1] ?? '');
  if (simple !== undefined) return { value: simple, end: position + 2 };
  NUMERIC.lastIndex = position;
  const match = NUMERIC.exec(text);
  const [whole = '', hex, short, long, octal] = match ?? [];
  const code =
    octal === undefined ? Number.parseInt(hex ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
  if (match === null || code > 0x10ffff) throw new ExpressionError('unknown escape sequence', position);
  return { value: String.fromCodePoint(code), end: position + whole.length };
}

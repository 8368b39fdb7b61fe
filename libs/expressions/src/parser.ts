import type { Expression } from './ast.js';
import { ExpressionError } from './ast.js';
import { parseDuration } from './duration.js';
import { tokenize } from './lexer.js';
import type { Token } from './lexer.js';

/** Longer texts are refused: an expression is config, and every one is compiled again on every change. */
export const MAX_EXPRESSION_LENGTH = 16_384;
/** Nesting of parentheses, calls and prefix operators; keeps the recursion within a small stack. */
export const MAX_DEPTH = 100;
/** Operators, selectors and calls in all: a chain leans left, so walking it recurses as deep as it is long. */
const MAX_OPERATORS = 1000;

/** Go's binary operators by precedence, with the function that Mixer calls them by. Higher binds tighter. */
const BINARY: ReadonlyMap<string, { readonly precedence: number; readonly name: string }> = new Map([
  ['||', { precedence: 1, name: 'LOR' }],
  ['&&', { precedence: 2, name: 'LAND' }],
  ['==', { precedence: 3, name: 'EQ' }],
  ['!=', { precedence: 3, name: 'NEQ' }],
  ['<', { precedence: 3, name: 'LT' }],
  ['<=', { precedence: 3, name: 'LE' }],
  ['>', { precedence: 3, name: 'GT' }],
  ['>=', { precedence: 3, name: 'GE' }],
  ['+', { precedence: 4, name: 'ADD' }],
  ['-', { precedence: 4, name: 'SUB' }],
  ['|', { precedence: 4, name: 'OR' }],
  ['*', { precedence: 5, name: 'MUL' }],
  ['/', { precedence: 5, name: 'QUO' }],
  ['%', { precedence: 5, name: 'REM' }],
]);
/** Parsed as Go does, to be refused by the checker with the name of what does not exist. */
const UNARY: ReadonlyMap<string, string> = new Map([
  ['!', 'NOT'],
  ['-', 'SUB'],
  ['+', 'ADD'],
]);

/** Parses an attribute expression. Linear in the length of the text. */
export function parse(text: string): Expression | ExpressionError {
  try {
    if (text.length > MAX_EXPRESSION_LENGTH) {
      throw new ExpressionError(`longer than ${MAX_EXPRESSION_LENGTH} characters`, MAX_EXPRESSION_LENGTH);
    }
    return new Parser(tokenize(text)).whole();
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

class Parser {
  private next = 0;
  private depth = 0;
  private operators = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Expression {
    const expression = this.binary(1);
    const rest = this.peek();
    if (rest.kind !== 'end') throw new ExpressionError(`unexpected ${describe(rest)}`, rest.position);
    return expression;
  }

  private binary(minimum: number): Expression {
    let left = this.unary();
    for (;;) {
      const token = this.peek();
      const operator = token.kind === 'operator' ? BINARY.get(token.text) : undefined;
      if (!operator || operator.precedence < minimum) return left;
      this.count(token);
      this.next++;
      const right = this.binary(operator.precedence + 1);
      left = { kind: 'call', name: operator.name, args: [left, right], position: token.position };
    }
  }

  private unary(): Expression {
    const token = this.peek();
    const name = token.kind === 'operator' ? UNARY.get(token.text) : undefined;
    if (name === undefined) return this.postfix();
    this.next++;
    const operand = this.nested(token, () => this.unary());
    return { kind: 'call', name, args: [operand], position: token.position };
  }

  private postfix(): Expression {
    let expression = this.primary();
    for (;;) {
      const token = this.peek();
      if (token.kind !== 'operator' || !'.[('.includes(token.text)) return expression;
      this.count(token);
      if (token.text === '.') expression = this.method(expression);
      else if (token.text === '[') expression = this.index(expression);
      else throw new ExpressionError('only a name can be called', token.position);
    }
  }

  private primary(): Expression {
    const token = this.peek();
    if (token.kind === 'identifier') return this.name();
    this.next++;
    if (token.kind === 'operator' && token.text === '(') {
      const inner = this.nested(token, () => this.binary(1));
      this.expect(')');
      return inner;
    }
    return literal(token);
  }

  /** `a.b.c` is one attribute; `f(...)` a call; `a.b.f(...)` a call of f on attribute a.b. */
  private name(): Expression {
    const first = this.take('identifier');
    const parts = [first.text];
    let last = first;
    while (this.isOperator('.') && this.tokens[this.next + 1]?.kind === 'identifier') {
      this.next++;
      last = this.take('identifier');
      parts.push(last.text);
    }
    if (!this.isOperator('(')) return attributeOrBoolean(parts.join('.'), first.position);
    const args = this.callArguments();
    const call = { kind: 'call' as const, name: last.text, args, position: last.position };
    if (parts.length === 1) return call;
    return { ...call, target: attributeOrBoolean(parts.slice(0, -1).join('.'), first.position) };
  }

  private method(target: Expression): Expression {
    this.expect('.');
    const name = this.take('identifier');
    if (!this.isOperator('(')) throw new ExpressionError(`unexpected selector .${name.text}`, name.position);
    return { kind: 'call', name: name.text, target, args: this.callArguments(), position: name.position };
  }

  private index(map: Expression): Expression {
    const bracket = this.expect('[');
    const key = this.nested(bracket, () => this.binary(1));
    this.expect(']');
    return { kind: 'call', name: 'INDEX', args: [map, key], position: bracket.position };
  }

  private callArguments(): Expression[] {
    const open = this.expect('(');
    const args: Expression[] = [];
    while (!this.isOperator(')')) {
      args.push(this.nested(open, () => this.binary(1)));
      // Go allows a comma after the last argument.
      if (!this.isOperator(')')) this.expect(',');
    }
    this.expect(')');
    return args;
  }

  private count(at: Token): void {
    if (++this.operators > MAX_OPERATORS)
      throw new ExpressionError(`more than ${MAX_OPERATORS} operators`, at.position);
  }

  private nested<T>(at: Token, read: () => T): T {
    if (++this.depth > MAX_DEPTH) throw new ExpressionError(`nested deeper than ${MAX_DEPTH}`, at.position);
    const result = read();
    this.depth--;
    return result;
  }

  private peek(): Token {
    return this.tokens[this.next] ?? { kind: 'end', text: '', position: 0 };
  }

  private isOperator(text: string): boolean {
    const token = this.peek();
    return token.kind === 'operator' && token.text === text;
  }

  private expect(operator: string): Token {
    const token = this.peek();
    if (this.isOperator(operator)) return this.tokens[this.next++] ?? token;
    throw new ExpressionError(`expected '${operator}', found ${describe(token)}`, token.position);
  }

  private take(kind: Token['kind']): Token {
    const token = this.peek();
    if (token.kind !== kind)
      throw new ExpressionError(`expected a name, found ${describe(token)}`, token.position);
    this.next++;
    return token;
  }
}

function describe(token: Token): string {
  return token.kind === 'end' ? 'the end' : `'${token.text}'`;
}

function attributeOrBoolean(name: string, position: number): Expression {
  const lower = name.toLowerCase();
  if (lower !== 'true' && lower !== 'false') return { kind: 'attribute', name, position };
  return { kind: 'literal', type: 'BOOL', value: lower === 'true', position };
}

function literal(token: Token): Expression {
  const { kind, text, position } = token;
  if (kind === 'int') return { kind: 'literal', type: 'INT64', value: integer(text, position), position };
  if (kind === 'float')
    return { kind: 'literal', type: 'DOUBLE', value: Number(text.replaceAll('_', '')), position };
  if (kind !== 'string') throw new ExpressionError(`unexpected ${describe(token)}`, position);
  // As in Mixer, a text that reads as a Go duration is one: "20ms" is no STRING.
  const duration = parseDuration(text);
  if (duration) return { kind: 'literal', type: 'DURATION', value: duration, position };
  return { kind: 'literal', type: 'STRING', value: text, position };
}

function integer(text: string, position: number): number {
  const digits = text.replaceAll('_', '');
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  if (Number.isSafeInteger(value)) return value;
  throw new ExpressionError(`integer out of range: ${text}`, position);
}

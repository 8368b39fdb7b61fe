import { celTokens } from './cel-tokens.js';
import type { CelToken } from './cel-tokens.js';

/**
 * What Envoy 1.40 takes of CEL's functions, as both `f(x)` and `x.f()`: neither the macros that go over lists, such as
 * `exists`, nor `string()`, which it has switched off.
 */
const FUNCTIONS = new Set([
  ...[
    'size',
    'matches',
    'startsWith',
    'endsWith',
    'contains',
    'has',
    'int',
    'uint',
    'double',
    'bytes',
    'bool',
  ],
  ...['timestamp', 'duration', 'type', 'dyn', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear'],
  ...['getFullYear', 'getHours', 'getMilliseconds', 'getMinutes', 'getMonth', 'getSeconds'],
]);
const BINARY = new Set(['||', '&&', '<', '<=', '>', '>=', '==', '!=', 'in', '+', '-', '*', '/', '%']);
const MAX_DEPTH = 100;

/** Walks over an expression by CEL's grammar; what it stands for is of no concern, nor is precedence. */
export class CelReader {
  private readonly tokens: readonly CelToken[];
  private at = 0;
  private depth = 0;

  constructor(text: string) {
    this.tokens = celTokens(text);
  }

  /** What is wrong with it; undefined for a good one. */
  problem(): string | undefined {
    try {
      this.expression();
      if (this.at < this.tokens.length) throw new SyntaxError(`${this.here()} is one too many`);
      return undefined;
    } catch (error) {
      return (error as SyntaxError).message;
    }
  }

  private expression(): void {
    if (++this.depth > MAX_DEPTH) throw new SyntaxError('it is nested too deep');
    this.operands();
    if (this.take('?')) {
      this.operands();
      this.expect(':');
      this.expression();
    }
    this.depth--;
  }

  private operands(): void {
    this.unary();
    while (this.isOperator(this.next())) {
      this.at++;
      this.unary();
    }
  }

  private isOperator(token: CelToken | undefined): boolean {
    return token?.kind === 'symbol' && BINARY.has(token.text);
  }

  private unary(): void {
    while (this.take('!') || this.take('-'));
    this.primary();
    for (;;) {
      if (this.take('.')) this.member();
      else if (this.take('[')) {
        this.expression();
        this.expect(']');
      } else return;
    }
  }

  private member(): void {
    const token = this.next();
    if (token?.kind !== 'name') throw new SyntaxError(`${this.here()} is no name of a field`);
    this.at++;
    if (this.take('(')) this.call(token.text);
  }

  private primary(): void {
    const token = this.next();
    if (!token) throw new SyntaxError('it ends too early');
    if (this.take('(')) {
      this.expression();
      return this.expect(')');
    }
    if (this.take('[')) return this.list(']');
    if (this.take('{')) return this.entries();
    if (token.kind === 'symbol' || token.kind === 'unknown')
      throw new SyntaxError(`${this.here()} cannot stand here`);
    this.at++;
    if (token.kind === 'name' && this.take('(')) this.call(token.text);
  }

  private call(name: string): void {
    if (!FUNCTIONS.has(name)) throw new SyntaxError(`there is no function ${name}`);
    this.list(')');
  }

  private list(end: string): void {
    while (!this.take(end)) {
      this.expression();
      if (!this.take(',')) return this.expect(end);
    }
  }

  private entries(): void {
    while (!this.take('}')) {
      this.expression();
      this.expect(':');
      this.expression();
      if (!this.take(',')) return this.expect('}');
    }
  }

  private next(): CelToken | undefined {
    return this.tokens[this.at];
  }

  private take(symbol: string): boolean {
    const token = this.next();
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.at++;
    return true;
  }

  private expect(symbol: string): void {
    if (!this.take(symbol)) throw new SyntaxError(`${this.here()} stands where ${symbol} should`);
  }

  private here(): string {
    const token = this.next();
    return token ? JSON.stringify(token.text) : 'the end';
  }
}

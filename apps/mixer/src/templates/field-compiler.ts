import type { ValueType } from '#config';
import { canonicalJson } from '#config';
import type { AttributeBag, AttributeFinder, CompiledExpression, Value } from '#expressions';
import { compile, ExpressionError, Failure } from '#expressions';
import { DimensionSet } from './dimensions.js';

/** A mistake inside a resource. */
export interface Problem {
  /** `spec.params.dimensions.source` */
  readonly path: string;
  readonly message: string;
}

export type Evaluate = (bag: AttributeBag) => Value | Failure;

/**
 * Compiles the expressions of a snapshot, each text once: twenty metrics with the same labels share one set of
 * closures, and with it one evaluation per request.
 */
export class ExpressionCompiler {
  private readonly expressions = new Map<string, CompiledExpression | ExpressionError>();
  private readonly sets = new Map<string, DimensionSet>();

  constructor(private readonly finder: AttributeFinder) {}

  expression(text: string): CompiledExpression | ExpressionError {
    let compiled = this.expressions.get(text);
    if (!compiled) this.expressions.set(text, (compiled = compile(text, this.finder)));
    return compiled;
  }

  dimensions(
    texts: Readonly<Record<string, string>>,
    expressions: Map<string, CompiledExpression>,
  ): DimensionSet {
    const key = canonicalJson(texts);
    let set = this.sets.get(key);
    if (!set) this.sets.set(key, (set = new DimensionSet(expressions)));
    return set;
  }
}

/** Reads the expressions of one resource and collects what is wrong with them. */
export class FieldCompiler {
  readonly problems: Problem[] = [];

  constructor(
    private readonly compiler: ExpressionCompiler,
    private readonly params: Readonly<Record<string, unknown>>,
    private readonly path: string,
    fields: readonly string[],
  ) {
    for (const field of Object.keys(params)) {
      if (!fields.includes(camelCase(field))) this.problem(field, `unknown field ${field}`);
    }
  }

  /** A field of any type; required, as an instance without it has no meaning. */
  value(field: string): Evaluate {
    const compiled = this.optional(field);
    if (!compiled) return this.missing(field);
    return compiled.evaluate;
  }

  /** A field of one type; where it is not given, the zero value, as in Mixer. */
  typed(field: string, type: ValueType, zero: Value): Evaluate {
    const compiled = this.optional(field);
    if (!compiled) return () => zero;
    if (compiled.type !== type) this.problem(field, `expected ${type}, found ${compiled.type}`);
    return compiled.evaluate;
  }

  /** A field of expressions by name. */
  map(field: string): DimensionSet {
    const raw = this.read(field) ?? {};
    const texts: Record<string, string> = Object.create(null) as Record<string, string>;
    const expressions = new Map<string, CompiledExpression>();
    if (!isObject(raw)) this.problem(field, 'expected a map of expressions');
    for (const [name, value] of Object.entries(isObject(raw) ? raw : {})) {
      const compiled = this.compile(`${field}.${name}`, value);
      texts[name] = String(value);
      if (compiled) expressions.set(name, compiled);
    }
    return this.compiler.dimensions(texts, expressions);
  }

  private optional(field: string): CompiledExpression | undefined {
    const raw = this.read(field);
    return raw === undefined || raw === null || raw === '' ? undefined : this.compile(field, raw);
  }

  private compile(field: string, raw: unknown): CompiledExpression | undefined {
    if (typeof raw !== 'string' && typeof raw !== 'number' && typeof raw !== 'boolean') {
      this.problem(field, 'expected an expression');
      return undefined;
    }
    const compiled = this.compiler.expression(String(raw));
    if (!(compiled instanceof ExpressionError)) return compiled;
    this.problem(
      field,
      `${compiled.message} (at ${compiled.position} of ${JSON.stringify(String(raw).slice(0, 200))})`,
    );
    return undefined;
  }

  /** Resources are written in proto3 JSON, which takes a field's name in either case. */
  private read(field: string): unknown {
    return this.params[field] ?? this.params[snakeCase(field)];
  }

  private missing(field: string): Evaluate {
    if (!this.problems.some(({ path }) => path === `${this.path}.${field}`))
      this.problem(field, 'is required');
    const failure = new Failure('error', `${field} is missing`);
    return () => failure;
  }

  private problem(field: string, message: string): void {
    this.problems.push({ path: `${this.path}.${field}`, message });
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_whole, letter: string) => letter.toUpperCase());
}

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

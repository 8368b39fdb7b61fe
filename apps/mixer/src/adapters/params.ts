import { Duration, parseDuration } from '#expressions';
import type { Problem } from '../templates/field-compiler.js';
import { camelCase, isObject, snakeCase } from '../templates/field-compiler.js';

/**
 * Reads an adapter's parameters, proto3 JSON in camel or snake case, field by field; collects what is wrong. Every
 * reader gives the default for a field that is absent or wrong, so that all mistakes are found in one pass.
 */
export class Params {
  private readonly read = new Set<string>();
  private readonly object: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    readonly problems: Problem[] = [],
    private readonly path = 'spec.params',
  ) {
    this.object = isObject(value) ? value : {};
    if (value !== undefined && value !== null && !isObject(value)) this.problem('', 'expected an object');
  }

  text(field: string, fallback = ''): string {
    return this.of(field, fallback, (value) => (typeof value === 'string' ? value : undefined), 'a string');
  }

  flag(field: string, fallback: boolean): boolean {
    return this.of(
      field,
      fallback,
      (value) => (typeof value === 'boolean' ? value : undefined),
      'true or false',
    );
  }

  /** int64 travels as a string in proto3 JSON. */
  integer(field: string, fallback: number): number {
    return this.of(field, fallback, (value) => toNumber(value, Number.isSafeInteger), 'an integer');
  }

  number(field: string, fallback: number): number {
    return this.of(field, fallback, (value) => toNumber(value, Number.isFinite), 'a number');
  }

  /** Milliseconds. */
  duration(field: string, fallback: number): number {
    const parse = (value: unknown) => (typeof value === 'string' ? parseDuration(value) : undefined);
    return this.of(field, Duration.ofMillis(fallback), parse, 'a duration such as 1.5s').nanos / 1e6;
  }

  oneOf<T extends string>(field: string, fallback: T, allowed: readonly T[]): T {
    const parse = (value: unknown) => allowed.find((name) => name === value);
    return this.of(field, fallback, parse, `one of ${allowed.join(', ')}`);
  }

  texts(field: string): readonly string[] {
    const parse = (value: unknown) =>
      Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? (value as string[])
        : undefined;
    return this.of<readonly string[]>(field, [], parse, 'a list of strings');
  }

  numbers(field: string): readonly number[] {
    const parse = (value: unknown) =>
      Array.isArray(value) && value.every((item) => Number.isFinite(item)) ? (value as number[]) : undefined;
    return this.of<readonly number[]>(field, [], parse, 'a list of numbers');
  }

  textMap(field: string): ReadonlyMap<string, string> {
    const parse = (value: unknown) =>
      isObject(value) ? new Map(Object.entries(value).map(([key, text]) => [key, String(text)])) : undefined;
    return this.of<ReadonlyMap<string, string>>(field, new Map<string, string>(), parse, 'a map of strings');
  }

  /** A nested message; empty where it is absent. */
  message(field: string): Params {
    return new Params(this.take(field), this.problems, `${this.path}.${field}`);
  }

  messages(field: string): readonly Params[] {
    const parse = (value: unknown) => (Array.isArray(value) ? (value as unknown[]) : undefined);
    const items = this.of<readonly unknown[]>(field, [], parse, 'a list');
    return items.map((item, index) => new Params(item, this.problems, `${this.path}.${field}[${index}]`));
  }

  has(field: string): boolean {
    return this.object[field] !== undefined || this.object[snakeCase(field)] !== undefined;
  }

  raw(field: string): unknown {
    return this.take(field);
  }

  /** Adds a mistake about a field; '' is the message itself. */
  problem(field: string, message: string): void {
    this.problems.push({ path: field === '' ? this.path : `${this.path}.${field}`, message });
  }

  /** To be called when everything was read: what is left over is a misspelling. */
  finish(): void {
    for (const field of Object.keys(this.object)) {
      if (!this.read.has(camelCase(field))) this.problem(field, `unknown field ${field}`);
    }
  }

  private take(field: string): unknown {
    this.read.add(field);
    return this.object[field] ?? this.object[snakeCase(field)];
  }

  private of<T>(field: string, fallback: T, parse: (value: unknown) => T | undefined, expected: string): T {
    const value = this.take(field);
    if (value === undefined || value === null) return fallback;
    const parsed = parse(value);
    if (parsed === undefined) this.problem(field, `expected ${expected}`);
    return parsed ?? fallback;
  }
}

function toNumber(value: unknown, valid: (value: unknown) => boolean): number | undefined {
  const number = typeof value === 'string' && /^[+-]?[\d.eE+-]+$/.test(value) ? Number(value) : value;
  return valid(number) ? (number as number) : undefined;
}

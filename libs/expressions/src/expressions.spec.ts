import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CONFORMANCE, CONFORMANCE_TYPES } from './conformance.table.js';
import type { ConformanceCase } from './conformance.table.js';
import { check, compile, ExpressionError, parse, referencedHeaders } from './index.js';
import type { AttributeFinder, Failure } from './index.js';

const types = new Map(Object.entries(CONFORMANCE_TYPES));
const finder: AttributeFinder = { typeOf: (name) => types.get(name) };

describe.each(CONFORMANCE.map((row): [string, ConformanceCase] => [row.expression, row]))(
  '%s',
  (text, row) => {
    it('has its type', () => {
      const parsed = parse(text);
      const type = parsed instanceof ExpressionError ? parsed : check(parsed, finder);
      const compiled = compile(text, finder);
      if (row.invalid) {
        // Patterns and literals that do not convert are found by the compiler, all else by the checker.
        expect(compiled).toBeInstanceOf(ExpressionError);
        expect((compiled as ExpressionError).message).toMatch(row.invalid);
        expect((compiled as ExpressionError).position).toBeLessThanOrEqual(text.length);
      } else {
        expect(type).toBe(row.type);
      }
    });

    if (row.result !== undefined || row.fails || row.attributes) {
      it('has its value', () => {
        const compiled = compile(text, finder);
        if (compiled instanceof ExpressionError) throw compiled;
        const value = compiled.evaluate(new Map(Object.entries(row.input ?? {})));
        if (row.fails) expect((value as Failure).message).toMatch(row.fails);
        if (row.result !== undefined) expect(value).toEqual(row.result);
        if (row.attributes) expect(compiled.attributes).toEqual(row.attributes);
      });
    }
  },
);

describe('parse', () => {
  const tokens = [
    'a',
    '.b',
    '"x"',
    '1',
    '(',
    ')',
    '[',
    ']',
    '|',
    '||',
    '&&',
    '==',
    '+',
    '-',
    '!',
    ',',
    ' ',
    '"',
    '.',
  ];

  it('never throws, and points into the text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...tokens), { maxLength: 60 }).map((t) => t.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const result = parse(text);
        if (result instanceof ExpressionError) expect(result.position).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('is total: what parses compiles or says why, and evaluates without a throw', () => {
    const all: AttributeFinder = { typeOf: (name) => (name.length % 2 === 0 ? 'STRING' : 'STRING_MAP') };
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...tokens), { maxLength: 30 }), (parts) => {
        const compiled = compile(parts.join(''), all);
        if (!(compiled instanceof ExpressionError)) compiled.evaluate(new Map());
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['nesting', (n: number) => '('.repeat(n) + 'a' + ')'.repeat(n)],
    ['prefix operators', (n: number) => '!'.repeat(n) + 'a'],
    ['a chain', (n: number) => Array(n).fill('a').join('|')],
    ['indexes', (n: number) => 'a' + '["x"]'.repeat(n)],
    ['calls', (n: number) => 'f('.repeat(n)],
    ['a long text', (n: number) => `"${'x'.repeat(n * 10)}"`],
  ])('bounds %s', (_what, make) => {
    expect(parse(make(5000))).toBeInstanceOf(ExpressionError);
    expect(parse(make(20))).not.toBe(undefined);
  });

  it('takes time in proportion to the text', () => {
    const time = (length: number) => {
      const text = Array(length).fill('"a"').join(' + ');
      const start = process.cpuUsage();
      for (let i = 0; i < 50; i++) parse(text);
      return process.cpuUsage(start).user;
    };
    time(900);
    const [short, long] = [Math.min(time(90), time(90), time(90)), Math.min(time(900), time(900), time(900))];
    // Ten times the text, by the time of the processor: far from the hundredfold of a quadratic parser.
    expect(long / short).toBeLessThan(50);
  });
});

describe('referencedHeaders', () => {
  it.each([
    ['request.headers["User-Agent"] == "x"', ['user-agent'], []],
    ['response.headers["x-a"] | request.headers["x-b"] | "-"', ['x-b'], ['x-a']],
    ['(context.protocol == "http" || context.protocol == "grpc")', ['content-type'], []],
    ['response.grpc_status | "0"', [], ['grpc-status']],
    ['"^a".matches(request.headers["x-c"])', ['x-c'], []],
    ['not an expression', [], []],
    ['source.labels["app"]', [], []],
  ])('of %s', (text, request, response) => {
    expect(referencedHeaders(text)).toEqual({ request, response });
  });
});

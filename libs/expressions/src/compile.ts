import type { ValueType } from '#config';
import type { Call, Expression } from './ast.js';
import { ExpressionError } from './ast.js';
import { typeOf } from './check.js';
import { comparison, ordering } from './compare.js';
import { Failure, FUNCTIONS } from './functions.js';
import { parse } from './parser.js';
import { compilePattern } from './patterns.js';
import { referencedAttributes } from './references.js';
import type { AttributeBag, AttributeFinder, StringMap, Value } from './values.js';

/** Computes a value from a bag; a {@link Failure} where there is none. Never throws. */
export type Evaluate = (bag: AttributeBag) => Value | Failure;

export interface CompiledExpression {
  readonly type: ValueType;
  readonly evaluate: Evaluate;
  /** What it may read, `request.headers[user-agent]` for a key known beforehand. Sorted. */
  readonly attributes: readonly string[];
}

/** Parses, checks and compiles an expression to closures. */
export function compile(text: string, finder: AttributeFinder): CompiledExpression | ExpressionError {
  const expression = parse(text);
  if (expression instanceof ExpressionError) return expression;
  try {
    const type = typeOf(expression, finder);
    return { type, evaluate: compileNode(expression, finder), attributes: referencedAttributes(expression) };
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

function compileNode(node: Expression, finder: AttributeFinder): Evaluate {
  if (node.kind === 'literal') return () => node.value;
  if (node.kind === 'attribute') return readAttribute(node.name);
  const [left, right] = node.args;
  if (!left || !right) return compileFunction(node, finder);
  switch (node.name) {
    case 'OR':
      return fallThrough(compileNode(left, finder), compileNode(right, finder));
    case 'INDEX':
      return readKey(compileNode(left, finder), compileNode(right, finder));
    case 'LAND':
    case 'LOR':
      return shortCircuit(present(left, finder), present(right, finder), node.name === 'LOR');
    case 'EQ':
    case 'NEQ':
      return binary(node, finder, comparison(typeOf(left, finder), node.name === 'EQ'));
    case 'LT':
    case 'LE':
    case 'GT':
    case 'GE':
      return binary(node, finder, ordering(typeOf(left, finder), node.name));
    case 'ADD':
      // The checker has seen to it that both are numbers or both are strings.
      return binary(node, finder, (a, b) => (a as number) + (b as number));
    default:
      return compileFunction(node, finder);
  }
}

function readAttribute(name: string): Evaluate {
  const absent = new Failure('absent', `lookup failed: '${name}'`);
  return (bag) => bag.get(name) ?? absent;
}

/** `a | b`: b where a is absent. An error in a stays an error. */
function fallThrough(left: Evaluate, right: Evaluate): Evaluate {
  return (bag) => {
    const value = left(bag);
    return value instanceof Failure && value.kind === 'absent' ? right(bag) : value;
  };
}

function readKey(map: Evaluate, key: Evaluate): Evaluate {
  const absent = new Failure('absent', 'member lookup failed');
  return (bag) => {
    const entries = map(bag);
    if (entries instanceof Failure) return entries;
    const name = key(bag);
    return name instanceof Failure ? name : ((entries as StringMap).get(name as string) ?? absent);
  };
}

/** The operand of a function: what is absent there is an error of the whole, which no `|` around it can mend. */
function present(node: Expression, finder: AttributeFinder): Evaluate {
  const evaluate = compileNode(node, finder);
  return (bag) => {
    const value = evaluate(bag);
    return value instanceof Failure && value.kind === 'absent' ? new Failure('error', value.message) : value;
  };
}

/** `&&` (decided by false) and `||` (decided by true). */
function shortCircuit(left: Evaluate, right: Evaluate, deciding: boolean): Evaluate {
  return (bag) => {
    const value = left(bag);
    return value === deciding || value instanceof Failure ? value : right(bag);
  };
}

function binary(node: Call, finder: AttributeFinder, apply: (a: Value, b: Value) => Value): Evaluate {
  const [left, right] = node.args.map((argument) => present(argument, finder));
  if (!left || !right) throw new ExpressionError(`${node.name} takes two operands`, node.position);
  return (bag) => {
    const a = left(bag);
    if (a instanceof Failure) return a;
    const b = right(bag);
    return b instanceof Failure ? b : apply(a, b);
  };
}

function compileFunction(node: Call, finder: AttributeFinder): Evaluate {
  const metadata = FUNCTIONS.get(node.name);
  if (!metadata) throw new ExpressionError(`unknown function ${node.name}`, node.position);
  const args = node.args.slice(0, metadata.parameters.length);
  const operands = node.target ? [node.target, ...args] : args;
  if (node.name === 'matches' && node.target?.kind === 'literal') return fixedPattern(node, finder);
  const evaluators = operands.map((operand) => present(operand, finder));
  const call = metadata.call as (...args: Value[]) => Value | Failure;
  if (operands.every((operand) => operand.kind === 'literal')) return constant(node, call, evaluators);
  return (bag) => {
    const args: Value[] = [];
    for (const evaluate of evaluators) {
      const value = evaluate(bag);
      if (value instanceof Failure) return value;
      args.push(value);
    }
    return call(...args);
  };
}

const NOTHING: AttributeBag = { get: () => undefined };

/** A call on literals is made once; a literal that will not convert is found now, not at the first request. */
function constant(node: Call, call: (...args: Value[]) => Value | Failure, evaluators: Evaluate[]): Evaluate {
  const value = call(...(evaluators.map((evaluate) => evaluate(NOTHING)) as Value[]));
  if (value instanceof Failure) throw new ExpressionError(value.message, node.position);
  return () => value;
}

function fixedPattern(node: Call, finder: AttributeFinder): Evaluate {
  const [argument] = node.args;
  const pattern = node.target?.kind === 'literal' ? compilePattern(String(node.target.value)) : 'no pattern';
  if (typeof pattern === 'string' || !argument) throw new ExpressionError(String(pattern), node.position);
  const text = present(argument, finder);
  return (bag) => {
    const value = text(bag);
    return value instanceof Failure ? value : pattern(value as string);
  };
}

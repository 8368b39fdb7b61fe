import type { ValueType } from '#config';
import type { Call, Expression } from './ast.js';
import { ExpressionError } from './ast.js';
import { FUNCTIONS, OPERATORS } from './functions.js';
import type { FunctionMetadata, ParameterType } from './functions.js';
import type { AttributeFinder } from './values.js';

/** The static type of an expression, or why it has none. */
export function check(expression: Expression, finder: AttributeFinder): ValueType | ExpressionError {
  try {
    return typeOf(expression, finder);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

/**
 * As {@link check}.
 *
 * @throws ExpressionError where the expression has no type
 */
export function typeOf(expression: Expression, finder: AttributeFinder): ValueType {
  if (expression.kind === 'literal') return expression.type;
  if (expression.kind === 'call') return typeOfCall(expression, finder);
  const type = finder.typeOf(expression.name);
  if (type === undefined)
    throw new ExpressionError(`unknown attribute ${expression.name}`, expression.position);
  return type;
}

function typeOfCall(call: Call, finder: AttributeFinder): ValueType {
  const metadata = OPERATORS.get(call.name) ?? FUNCTIONS.get(call.name);
  // A prefix operator is parsed under the name of its infix form; with one operand it is a function nobody defined.
  if (!metadata || (OPERATORS.has(call.name) && call.args.length < metadata.parameters.length)) {
    throw new ExpressionError(`unknown function ${call.name}`, call.position);
  }
  checkTarget(call, metadata, finder);
  if (call.args.length < metadata.parameters.length) {
    const message = `${call.name} takes ${metadata.parameters.length} arguments, found ${call.args.length}`;
    throw new ExpressionError(message, call.position);
  }
  const generic = checkArguments(call, metadata, finder);
  return metadata.returns === 'T' ? generic : metadata.returns;
}

function checkTarget(call: Call, metadata: FunctionMetadata, finder: AttributeFinder): void {
  if (metadata.target === undefined) {
    if (call.target) throw new ExpressionError(`${call.name} is not called on a value`, call.position);
    return;
  }
  if (!call.target)
    throw new ExpressionError(`${call.name} is called on a ${metadata.target}`, call.position);
  expectType(call, call.target, metadata.target, finder);
}

/** The type that T stands for. Arguments beyond the signature are typed and ignored, as Mixer did. */
function checkArguments(call: Call, metadata: FunctionMetadata, finder: AttributeFinder): ValueType {
  let generic: ValueType | undefined;
  for (const [index, argument] of call.args.entries()) {
    const parameter: ParameterType | undefined = metadata.parameters[index];
    if (parameter === undefined) typeOf(argument, finder);
    else if (parameter !== 'T') expectType(call, argument, parameter, finder);
    else if (generic !== undefined) expectType(call, argument, generic, finder);
    else generic = allowedType(call, argument, metadata, finder);
  }
  return generic ?? 'STRING';
}

function allowedType(
  call: Call,
  argument: Expression,
  metadata: FunctionMetadata,
  finder: AttributeFinder,
): ValueType {
  const type = typeOf(argument, finder);
  if (metadata.allowed?.has(type) ?? true) return type;
  throw new ExpressionError(`${call.name} is not defined for ${type}`, argument.position);
}

function expectType(call: Call, argument: Expression, expected: ValueType, finder: AttributeFinder): void {
  const type = typeOf(argument, finder);
  if (type === expected) return;
  throw new ExpressionError(`${call.name} expects ${expected}, found ${type}`, argument.position);
}

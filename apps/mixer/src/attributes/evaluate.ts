import type { ValueType } from '#config';
import type { AttributeFinder, Value } from '#expressions';
import {
  compile,
  ExpressionError,
  Failure,
  formatValue,
  IpAddress,
  isStringMap,
  parseDuration,
  parseTimestamp,
} from '#expressions';
import { BUILT_IN_FINDER } from './finder.js';

/** What an expression gives for some attributes. */
export type Evaluation =
  | { readonly type: ValueType; readonly value: unknown; readonly attributes: readonly string[] }
  /** `position` is an offset in the expression; absent where it is sound and only the attributes fall short. */
  | { readonly error: string; readonly position?: number };

/**
 * Evaluates an expression over attributes in JSON: `{"request.path": "/", "response.duration": "20ms"}`. Attributes of
 * the built-in vocabulary have its types; others the type that their JSON shows.
 */
export function evaluateExpression(text: string, attributes: Readonly<Record<string, unknown>>): Evaluation {
  const bag = new Map<string, Value>();
  const types = new Map<string, ValueType>();
  for (const [name, json] of Object.entries(attributes)) {
    const type = BUILT_IN_FINDER.typeOf(name) ?? shownType(json);
    const value = type && convert(type, json);
    if (type === undefined || value === undefined)
      return { error: `attribute ${name}: not a ${type ?? 'known type'}` };
    types.set(name, type);
    bag.set(name, value);
  }
  const finder: AttributeFinder = { typeOf: (name) => BUILT_IN_FINDER.typeOf(name) ?? types.get(name) };
  const compiled = compile(text, finder);
  if (compiled instanceof ExpressionError) return { error: compiled.message, position: compiled.position };
  const value = compiled.evaluate(bag);
  if (value instanceof Failure) return { error: value.message };
  return { type: compiled.type, value: toJson(value), attributes: compiled.attributes };
}

function shownType(json: unknown): ValueType | undefined {
  if (typeof json === 'string') return 'STRING';
  if (typeof json === 'boolean') return 'BOOL';
  if (typeof json === 'number') return Number.isInteger(json) ? 'INT64' : 'DOUBLE';
  return isStringRecord(json) ? 'STRING_MAP' : undefined;
}

function convert(type: ValueType, json: unknown): Value | undefined {
  switch (type) {
    case 'BOOL':
      return typeof json === 'boolean' ? json : undefined;
    case 'INT64':
      return Number.isSafeInteger(json) ? (json as number) : undefined;
    case 'DOUBLE':
      return typeof json === 'number' ? json : undefined;
    case 'STRING_MAP':
      return isStringRecord(json) ? new Map(Object.entries(json)) : undefined;
    default:
      return typeof json === 'string' ? convertText(type, json) : undefined;
  }
}

function convertText(type: ValueType, text: string): Value | undefined {
  if (type === 'DURATION') return parseDuration(text);
  if (type === 'TIMESTAMP') return parseTimestamp(text);
  return type === 'IP_ADDRESS' ? IpAddress.parse(text) : text;
}

function isStringRecord(json: unknown): json is Record<string, string> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  return Object.values(json).every((value) => typeof value === 'string');
}

function toJson(value: Value): unknown {
  if (typeof value !== 'object') return value;
  return isStringMap(value) ? Object.fromEntries(value.entries()) : formatValue(value);
}

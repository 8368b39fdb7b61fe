import type { ValueType } from '#config';
import { IpAddress } from './ip-address.js';
import { normalizeDnsName, normalizeEmail, normalizeUri } from './names.js';
import { PatternCache } from './patterns.js';
import { parseTimestamp } from './timestamp.js';
import type { StringMap, Value } from './values.js';

/** Why a value could not be had. `absent` (no such attribute, no such key) is what `|` falls through; an error is not. */
export class Failure {
  constructor(
    readonly kind: 'absent' | 'error',
    readonly message: string,
  ) {}
}

/** 'T' is one type, any, the same wherever it stands in the signature. */
export type ParameterType = ValueType | 'T';

export interface FunctionMetadata {
  /** The type of what the function is called on; absent for plain functions. */
  readonly target?: ValueType;
  readonly parameters: readonly ParameterType[];
  readonly returns: ParameterType;
  /** The types that T may be, where not all of them will do. */
  readonly allowed?: ReadonlySet<ValueType>;
}

/** A function that runs on values. Of a method, the target is the first argument. */
export interface RuntimeFunction extends FunctionMetadata {
  readonly call: (...args: never[]) => Value | Failure;
}

const COMPARABLE = new Set<ValueType>([
  'BOOL',
  'STRING',
  'INT64',
  'DOUBLE',
  'DNS_NAME',
  'EMAIL_ADDRESS',
  'URI',
  'IP_ADDRESS',
  'TIMESTAMP',
  // Mixer 1.4 passed durations through its type checker and then failed to generate code for them, so that a rule on
  // response.duration was dropped. Here they compare.
  'DURATION',
]);
const ORDERED = new Set<ValueType>(['STRING', 'INT64', 'DOUBLE', 'TIMESTAMP', 'DURATION']);
const ADDABLE = new Set<ValueType>(['STRING', 'INT64', 'DOUBLE']);

const equality: FunctionMetadata = { parameters: ['T', 'T'], returns: 'BOOL', allowed: COMPARABLE };
const ordering: FunctionMetadata = { parameters: ['T', 'T'], returns: 'BOOL', allowed: ORDERED };
const logical: FunctionMetadata = { parameters: ['BOOL', 'BOOL'], returns: 'BOOL' };

/** The operators, by the names that the parser gives them; the compiler has code of its own for each. */
export const OPERATORS: ReadonlyMap<string, FunctionMetadata> = new Map([
  ['EQ', equality],
  ['NEQ', equality],
  ['LT', ordering],
  ['LE', ordering],
  ['GT', ordering],
  ['GE', ordering],
  ['LAND', logical],
  ['LOR', logical],
  ['ADD', { parameters: ['T', 'T'], returns: 'T', allowed: ADDABLE }],
  ['OR', { parameters: ['T', 'T'], returns: 'T' }],
  ['INDEX', { parameters: ['STRING_MAP', 'STRING'], returns: 'STRING' }],
]);

const EMPTY_MAP: StringMap = new Map<string, string>();
const patterns = new PatternCache();

/** The functions of Mixer 1.4. @see https://archive.istio.io/v1.4/docs/reference/config/policy-and-telemetry/expression-language/ */
export const FUNCTIONS: ReadonlyMap<string, RuntimeFunction> = new Map<string, RuntimeFunction>([
  ['ip', conversion('IP_ADDRESS', (text) => IpAddress.parse(text), 'an IP address')],
  ['timestamp', conversion('TIMESTAMP', parseTimestamp, 'an RFC 3339 time')],
  ['dnsName', conversion('DNS_NAME', checked(normalizeDnsName), 'a DNS name')],
  ['email', conversion('EMAIL_ADDRESS', checked(normalizeEmail), 'an email address')],
  ['uri', conversion('URI', checked(normalizeUri), 'a URI')],
  ['match', { parameters: ['STRING', 'STRING'], returns: 'BOOL', call: matchGlob }],
  ['matches', { target: 'STRING', parameters: ['STRING'], returns: 'BOOL', call: matchPattern }],
  ['startsWith', method((text: string, prefix: string) => text.startsWith(prefix))],
  ['endsWith', method((text: string, suffix: string) => text.endsWith(suffix))],
  ['emptyStringMap', { parameters: [], returns: 'STRING_MAP', call: () => EMPTY_MAP }],
  [
    'conditionalString',
    {
      parameters: ['BOOL', 'STRING', 'STRING'],
      returns: 'STRING',
      call: (condition: boolean, yes: string, no: string) => (condition ? yes : no),
    },
  ],
  [
    'conditional',
    {
      parameters: ['BOOL', 'T', 'T'],
      returns: 'T',
      call: (condition: boolean, yes: Value, no: Value) => (condition ? yes : no),
    },
  ],
  ['toLower', { parameters: ['STRING'], returns: 'STRING', call: (text: string) => text.toLowerCase() }],
  ['size', { parameters: ['STRING'], returns: 'INT64', call: byteLength }],
]);

function conversion(
  returns: ValueType,
  convert: (text: string) => Value | undefined,
  what: string,
): RuntimeFunction {
  const call = (text: string): Value | Failure =>
    convert(text) ?? new Failure('error', `${JSON.stringify(text.slice(0, 100))} is not ${what}`);
  return { parameters: ['STRING'], returns, call };
}

/** Values keep the text as it was written; only comparison normalises. */
function checked(normalize: (text: string) => string | undefined): (text: string) => string | undefined {
  return (text) => (normalize(text) === undefined ? undefined : text);
}

function method(test: (target: string, argument: string) => boolean): RuntimeFunction {
  return { target: 'STRING', parameters: ['STRING'], returns: 'BOOL', call: test };
}

/** One `*` at either end stands for anything; all else is compared as it is. */
function matchGlob(text: string, pattern: string): boolean {
  if (pattern.endsWith('*')) return text.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith('*')) return text.endsWith(pattern.slice(1));
  return text === pattern;
}

/** `"pattern".matches(text)`: the target is the pattern. */
function matchPattern(pattern: string, text: string): boolean | Failure {
  const compiled = patterns.get(pattern);
  return typeof compiled === 'string' ? new Failure('error', compiled) : compiled(text);
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

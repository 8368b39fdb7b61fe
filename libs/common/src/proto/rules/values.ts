import type { RuledField, Rules } from './table.js';
import { wireFields } from './wire.js';

type Rule = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder();
const TWO_63 = 2 ** 63;
const HEADER_NAME = /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/;
const HEADER_VALUE = /^[^\x00-\x08\x0A-\x1F\x7F]*$/;
const HEADER_LENIENT = /^[^\x00\x0A\x0D]*$/;

/** What is wrong with one value by a field's rules; undefined where nothing is. */
export function brokenValue(
  { type, message, values }: RuledField,
  rules: Rules,
  value: number | Uint8Array,
): string | undefined {
  const [kind] = Object.keys(rules).filter((name) => name !== 'message');
  const rule = kind === undefined ? undefined : rules[kind];
  if (!rule) return undefined;
  if (kind === 'string') return brokenText(rule, decoder.decode(value as Uint8Array));
  if (kind === 'bytes') return brokenLength(rule, (value as Uint8Array).length, 'bytes');
  if (kind === 'duration') return brokenNumber(durationRule(rule), secondsOf(value as Uint8Array));
  if (kind === 'enum') return brokenEnum(rule, signed(value as number), values ?? []);
  const wrapped = type === 'message' && message?.startsWith('google.protobuf.') === true;
  const plain = wrapped ? firstNumber(value as Uint8Array) : (value as number);
  if (typeof plain !== 'number') return undefined;
  return brokenNumber(rule, /^s?int/.test(kind ?? '') ? signed(plain) : plain);
}

function brokenText(rule: Rule, text: string): string | undefined {
  if (text === '' && rule['ignore_empty'] === true) return undefined;
  const { in: allowed, well_known_regex: known, strict } = rule;
  if (Array.isArray(allowed) && !allowed.includes(text))
    return `value must be in list ${JSON.stringify(allowed)}`;
  const pattern = headerPattern(known, strict);
  if (pattern && !pattern.test(text)) return `value does not match regex pattern "${pattern.source}"`;
  return (
    brokenLength(rule, [...text].length, 'characters', 'len') ??
    brokenLength(rule, Buffer.byteLength(text), 'bytes', 'bytes')
  );
}

function headerPattern(known: unknown, strict: unknown): RegExp | undefined {
  if (known !== 'HTTP_HEADER_NAME' && known !== 'HTTP_HEADER_VALUE') return undefined;
  if (strict === false) return HEADER_LENIENT;
  return known === 'HTTP_HEADER_NAME' ? HEADER_NAME : HEADER_VALUE;
}

function brokenLength(rule: Rule, length: number, unit: string, suffix = 'len'): string | undefined {
  const [min, max] = [rule[`min_${suffix}`], rule[`max_${suffix}`]];
  if (typeof min === 'number' && length < min) return `value length must be at least ${min} ${unit}`;
  if (typeof max === 'number' && length > max) return `value length must be at most ${max} ${unit}`;
  return undefined;
}

function brokenEnum(rule: Rule, value: number, values: readonly number[]): string | undefined {
  if (rule['defined_only'] === true && !values.includes(value))
    return 'value must be one of the defined enum values';
  const refused = [rule['not_in'] ?? []].flat();
  return refused.includes(value) ? `value must not be in list ${JSON.stringify(refused)}` : undefined;
}

function brokenNumber(rule: Rule, value: number): string | undefined {
  if (rule['const'] !== undefined && Number(rule['const']) !== value)
    return `value must equal ${String(rule['const'])}`;
  const { gt, gte, lt, lte } = rule as Partial<Record<'gt' | 'gte' | 'lt' | 'lte', number>>;
  const low = gte !== undefined ? value >= gte : gt === undefined || value > gt;
  const high = lte !== undefined ? value <= lte : lt === undefined || value < lt;
  if (low && high) return undefined;
  const bounds = [
    gt !== undefined && `greater than ${gt}`,
    gte !== undefined && `greater than or equal to ${gte}`,
    lt !== undefined && `less than ${lt}`,
    lte !== undefined && `less than or equal to ${lte}`,
  ].filter((bound) => bound !== false);
  return `value must be ${bounds.join(' and ')}`;
}

/** `{ gte: { seconds: 1, nanos: 5 } }` as numbers of seconds. */
function durationRule(rule: Rule): Rule {
  const seconds = (bound: unknown): unknown => {
    if (typeof bound !== 'object' || bound === null) return undefined;
    const { seconds: whole = 0, nanos = 0 } = bound as { seconds?: number; nanos?: number };
    return whole + nanos / 1e9;
  };
  const bounds = ['gt', 'gte', 'lt', 'lte'].flatMap((name) =>
    rule[name] ? [[name, seconds(rule[name])]] : [],
  );
  return Object.fromEntries(bounds) as Rule;
}

function secondsOf(duration: Uint8Array): number {
  let sum = 0;
  for (const { number, value } of wireFields(duration))
    sum += signed(value as number) / (number === 2 ? 1e9 : 1);
  return sum;
}

/** What a wrapper such as UInt32Value holds. */
function firstNumber(wrapper: Uint8Array): number | Uint8Array {
  for (const { number, value } of wireFields(wrapper)) if (number === 1) return value;
  return 0;
}

function signed(value: number): number {
  return value >= TWO_63 ? value - 2 * TWO_63 : value;
}

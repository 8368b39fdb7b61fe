import { ruledMessage, type RuledField, type RuledMessage, type Rules } from './table.js';
import { brokenValue } from './values.js';
import { packedVarints, wireFields } from './wire.js';

const ANY = 'google.protobuf.Any';
const EMPTY = new Uint8Array();
const decoder = new TextDecoder();

/**
 * The first rule of Envoy's API that an encoded message breaks, in words that say where; undefined where it breaks none.
 * Envoy would refuse it. Reads the bytes as they are and leaves out what has no rules: some microseconds for a cluster.
 * Messages and rules that it does not know it takes for good: Envoy has the last word.
 *
 * @param type full name, `envoy.config.cluster.v3.Cluster`
 */
export function brokenRule(type: string, bytes: Uint8Array): string | undefined {
  const message = ruledMessage(type);
  return message && brokenMessage(type, message, bytes);
}

function brokenMessage(type: string, message: RuledMessage, bytes: Uint8Array): string | undefined {
  const seen = new Map<number, number>();
  for (const { number, value } of wireFields(bytes)) {
    const field = message.fields[number];
    if (!field) continue;
    seen.set(number, (seen.get(number) ?? 0) + 1);
    const broken = brokenField(field, value);
    if (broken !== undefined) return at(type, field, broken);
  }
  return brokenByCount(type, message, seen);
}

function brokenField(field: RuledField, value: number | Uint8Array): string | undefined {
  if (field.keyType !== undefined) return brokenEntry(field, value as Uint8Array);
  const rules = itemRules(field);
  if (field.repeated && field.type !== 'string' && field.type !== 'bytes' && field.type !== 'message')
    return rules && brokenItems(field, rules, value);
  return (rules && brokenValue(field, rules, value)) ?? brokenInside(field, value);
}

function itemRules({ repeated, rules }: RuledField): Rules | undefined {
  return repeated ? (rules?.['repeated']?.['items'] as Rules | undefined) : rules;
}

/** Numbers may come packed. Those of fixed size have no rules that count for each. */
function brokenItems(field: RuledField, rules: Rules, value: number | Uint8Array): string | undefined {
  if (field.type === 'double' || field.type === 'float') return undefined;
  for (const item of typeof value === 'number' ? [value] : packedVarints(value)) {
    const broken = brokenValue(field, rules, item);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function brokenEntry(field: RuledField, entry: Uint8Array): string | undefined {
  const rules = field.rules?.['map'];
  const parts = new Map([...wireFields(entry)].map(({ number, value }) => [number, value]));
  const keys = rules?.['keys'] as Rules | undefined;
  const key = keys && brokenValue({ name: 'key', type: 'string' }, keys, parts.get(1) ?? EMPTY);
  return key ?? (field.message === undefined ? undefined : brokenInside(field, parts.get(2) ?? EMPTY));
}

function brokenInside({ type, message = '' }: RuledField, value: number | Uint8Array): string | undefined {
  if (type !== 'message' || typeof value === 'number') return undefined;
  return message === ANY ? brokenAny(value) : brokenRule(message, value);
}

function brokenAny(any: Uint8Array): string | undefined {
  let url = '';
  let held: Uint8Array = EMPTY;
  for (const { number, value } of wireFields(any)) {
    if (number === 1) url = decoder.decode(value as Uint8Array);
    if (number === 2) held = value as Uint8Array;
  }
  return brokenRule(url.slice(url.lastIndexOf('/') + 1), held);
}

/** What should be there and is not, or is there too often. */
function brokenByCount(
  type: string,
  { fields, oneofs = [] }: RuledMessage,
  seen: ReadonlyMap<number, number>,
): string | undefined {
  for (const [name, numbers] of oneofs)
    if (!numbers.some((number) => seen.has(number))) return `${type}.${name}: is required`;
  for (const [number, field] of Object.entries(fields)) {
    const broken = field.rules && brokenCount(field, field.rules, seen.get(Number(number)) ?? 0);
    if (broken !== undefined) return at(type, field, broken);
  }
  return undefined;
}

function brokenCount(field: RuledField, rules: Rules, count: number): string | undefined {
  if (field.keyType !== undefined) return brokenSize(rules['map'], count, 'pairs');
  if (field.repeated) return brokenSize(rules['repeated'], count, 'items');
  if (count > 0 || field.optional) return undefined;
  const isRequired = ['message', 'duration', 'any'].some((kind) => rules[kind]?.['required'] === true);
  if (isRequired) return 'value is required';
  // A message that is not there has no value; a scalar has its default.
  if (field.type === 'message') return undefined;
  return brokenValue(field, rules, field.type === 'string' || field.type === 'bytes' ? EMPTY : 0);
}

function brokenSize(
  rule: Rules[string] | undefined,
  count: number,
  unit: 'items' | 'pairs',
): string | undefined {
  const [min, max] = [rule?.[`min_${unit}`], rule?.[`max_${unit}`]];
  if (count === 0 && rule?.['ignore_empty'] === true) return undefined;
  if (typeof min === 'number' && count < min) return `value must contain at least ${min} ${unit}`;
  // Numbers that come packed are one field.
  if (typeof max === 'number' && count > max) return `value must contain at most ${max} ${unit}`;
  return undefined;
}

/** The innermost message says where. */
function at(type: string, { name }: RuledField, broken: string): string {
  return /^[a-z]+(\.[A-Za-z0-9_]+)+: /.test(broken) ? broken : `${type}.${name}: ${broken}`;
}

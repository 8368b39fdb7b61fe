import type { ValueType } from '#config';
import type { Duration } from './duration.js';
import type { IpAddress } from './ip-address.js';
import { normalizeDnsName, normalizeEmail, normalizeUri } from './names.js';
import type { Timestamp } from './timestamp.js';
import type { Value } from './values.js';

type Binary = (a: Value, b: Value) => boolean;

/** `==` (or, with `equal` false, `!=`) on two values of a type. */
export function comparison(type: ValueType, equal: boolean): Binary {
  const same = EQUAL.get(type) ?? ((a, b) => a === b);
  return equal ? same : (a, b) => !same(a, b);
}

const EQUAL: ReadonlyMap<ValueType, Binary> = new Map<ValueType, Binary>([
  ['TIMESTAMP', (a, b) => (a as Timestamp).compare(b as Timestamp) === 0],
  ['DURATION', (a, b) => (a as Duration).nanos === (b as Duration).nanos],
  ['IP_ADDRESS', (a, b) => (a as IpAddress).text === (b as IpAddress).text],
  ['DNS_NAME', normalized(normalizeDnsName)],
  ['EMAIL_ADDRESS', normalized(normalizeEmail)],
  ['URI', normalized(normalizeUri)],
]);

function normalized(normalize: (text: string) => string | undefined): Binary {
  return (a, b) => a === b || (normalize(a as string) ?? a) === (normalize(b as string) ?? b);
}

/** `<`, `<=`, `>` or `>=` on two values of a type. */
export function ordering(type: ValueType, operator: 'LT' | 'LE' | 'GT' | 'GE'): Binary {
  const compare = COMPARE.get(type) ?? ((a, b) => (a as number) - (b as number));
  switch (operator) {
    case 'LT':
      return (a, b) => compare(a, b) < 0;
    case 'LE':
      return (a, b) => compare(a, b) <= 0;
    case 'GT':
      return (a, b) => compare(a, b) > 0;
    case 'GE':
      return (a, b) => compare(a, b) >= 0;
  }
}

const COMPARE: ReadonlyMap<ValueType, (a: Value, b: Value) => number> = new Map([
  ['STRING', (a: Value, b: Value) => compareText(a as string, b as string)],
  ['TIMESTAMP', (a: Value, b: Value) => (a as Timestamp).compare(b as Timestamp)],
  ['DURATION', (a: Value, b: Value) => (a as Duration).nanos - (b as Duration).nanos],
]);

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

import type { ValueType } from '#config';
import { Duration } from './duration.js';
import { IpAddress } from './ip-address.js';
import { Timestamp } from './timestamp.js';

/** A STRING_MAP as expressions read it. Headers come as views over what was decoded, hence no ReadonlyMap. */
export interface StringMap {
  get(key: string): string | undefined;
  entries(): Iterable<[string, string]>;
}

/**
 * A value of the language at run time. STRING, EMAIL_ADDRESS, URI and DNS_NAME are strings; INT64 and DOUBLE are
 * numbers (nothing that a proxy reports comes near 2^53); which one is meant, the expression's static type says.
 */
export type Value = string | number | boolean | Timestamp | Duration | IpAddress | StringMap;

/** Attributes by their full dotted name; undefined where absent. */
export interface AttributeBag {
  get(name: string): Value | undefined;
}

/** The static type of each attribute that a manifest declares; undefined for all others. */
export interface AttributeFinder {
  typeOf(attribute: string): ValueType | undefined;
}

/** The text of a value as labels, quota dimensions and log lines show it. */
export function formatValue(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && !isScalar(value)) {
    const sorted = [...value.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify(Object.fromEntries(sorted));
  }
  return String(value);
}

/** Tells the one composite value from those that print as a single text. */
export function isStringMap(value: Value): value is StringMap {
  return typeof value === 'object' && !isScalar(value);
}

function isScalar(value: object): value is Duration | Timestamp | IpAddress {
  return value instanceof Duration || value instanceof Timestamp || value instanceof IpAddress;
}

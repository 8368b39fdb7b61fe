/** The part of JSON Schema (draft 2019-09, as ajv reads it) that the kinds' schemas are written in. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly propertyNames?: { readonly not: { readonly const: string } };
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: 'duration';
  /** A field of Istio's that Quartet does not act on. `refused` where ignoring it would weaken security. */
  readonly unsupported?: 'warned' | 'refused';
  /** Why a field has no effect, in words for its user. */
  readonly because?: string;
}

export const text: Schema = { type: 'string' };
export const bool: Schema = { type: 'boolean' };
export const number: Schema = { type: 'number' };
export const int32: Schema = { type: 'integer', minimum: -2147483648, maximum: 2147483647 };
export const uint32: Schema = { type: 'integer', minimum: 0, maximum: 4294967295 };
export const int64: Schema = { type: 'integer' };
/** Normalised to seconds, `0.1s`, on the way into the storage form. */
export const duration: Schema = { type: 'string', format: 'duration' };
/** Anything: read by somebody who knows the shape better. */
export const free: Schema = {};
/** Known, without effect, and important to security: an error. */
export const refused: Schema = { unsupported: 'refused' };

/** Known, and without meaning here for this reason: a warning that gives it. */
export function noEffect(because: string): Schema {
  return { unsupported: 'warned', because };
}

/** Known, out of place here for this reason, and important to security: an error that gives it. */
export function refusedFor(because: string): Schema {
  return { unsupported: 'refused', because };
}

/** A message: unknown fields are errors. */
export function message(properties: Record<string, Schema>): Schema {
  return { type: 'object', properties, additionalProperties: false };
}

/** A map with the user's own keys. */
export function mapOf(value: Schema): Schema {
  return { type: 'object', additionalProperties: value, propertyNames: { not: { const: '__proto__' } } };
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}

export function oneOf(...names: string[]): Schema {
  return { type: 'string', enum: names };
}

export const labels = mapOf(text);

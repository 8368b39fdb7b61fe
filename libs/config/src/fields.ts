import type { Kind } from './kinds/registry.js';
import { camelCase } from './schema/names.js';
import type { Schema } from './schema/builder.js';
import { schemaOf } from './validate.js';

/** A place in a kind's spec where a value may stand, whatever its index or key: `http[].match[].headers{}.exact`. */
export interface Field {
  readonly path: string;
  /** Quartet acts on it. */
  readonly supported: boolean;
  /** Why it has no effect, where that is a decision. */
  readonly because?: string;
}

/** Every field of a kind that holds no further ones, in the order of its schema. */
export function fieldsOf(kind: Kind): Field[] {
  return leaves(schemaOf(kind), '');
}

/** The paths of {@link fieldsOf} at which a spec, as a file writes it, holds something. */
export function fieldsIn(kind: Kind, spec: unknown): Set<string> {
  return new Set(held(schemaOf(kind), spec, ''));
}

function leaves(schema: Schema, path: string): Field[] {
  if (schema.items) return leaves(schema.items, `${path}[]`);
  if (schema.properties)
    return Object.entries(schema.properties).flatMap(([name, member]) => leaves(member, join(path, name)));
  if (schema.additionalProperties) return leaves(schema.additionalProperties, `${path}{}`);
  const { unsupported, because } = schema;
  return [{ path, supported: unsupported === undefined, ...(because !== undefined && { because }) }];
}

function held(schema: Schema, value: unknown, path: string): string[] {
  if (value === undefined || value === null) return [];
  const { items, properties, additionalProperties } = schema;
  if (items) return Array.isArray(value) ? value.flatMap((item) => held(items, item, `${path}[]`)) : [];
  if (!properties && !additionalProperties) return [path];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const name = properties && !Object.hasOwn(properties, key) ? camelCase(key) : key;
    if (properties) return Object.hasOwn(properties, name) ? heldIn(properties, name, member, path) : [];
    return held(additionalProperties || {}, member, `${path}{}`);
  });
}

function heldIn(properties: NonNullable<Schema['properties']>, name: string, value: unknown, path: string) {
  return held(properties[name] ?? {}, value, join(path, name));
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

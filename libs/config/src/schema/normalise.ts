import { formatDuration, parseDuration } from '../duration.js';
import type { Path, Problem } from '../problem.js';
import type { Schema } from './builder.js';
import { camelCase } from './names.js';

/**
 * The storage form of a value: proto3 JSON's field names, unset members left out (null is unset), durations in
 * seconds. Defaults are not filled in. What does not fit the schema is left as it is, for the validator to name.
 */
export function normalise(schema: Schema, value: unknown, path: Path, problems: Problem[]): unknown {
  if (schema.unsupported) {
    problems.push(unsupportedField(schema, path));
    return value;
  }
  if (schema.format === 'duration' && typeof value === 'string') return canonicalDuration(value);
  if (schema.items && Array.isArray(value)) {
    const { items } = schema;
    return value.map((item: unknown, index) => normalise(items, item, [...path, index], problems));
  }
  if (!isObject(value)) return value;
  if (schema.properties) return normaliseMessage(schema.properties, value, path, problems);
  if (schema.additionalProperties) return normaliseMap(schema.additionalProperties, value, path, problems);
  return value;
}

function normaliseMessage(
  properties: Readonly<Record<string, Schema>>,
  value: Record<string, unknown>,
  path: Path,
  problems: Problem[],
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [written, member] of Object.entries(value)) {
    const name = Object.hasOwn(properties, written) ? written : camelCase(written);
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!field) out[written] = member;
    else if (Object.hasOwn(out, name)) problems.push(writtenTwice(name, path));
    else if (member !== null) out[name] = normalise(field, member, [...path, name], problems);
  }
  return out;
}

function normaliseMap(
  member: Schema,
  value: Record<string, unknown>,
  path: Path,
  problems: Problem[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [key, normalise(member, held, [...path, key], problems)]),
  );
}

function canonicalDuration(text: string): string {
  const milliseconds = parseDuration(text);
  return milliseconds === undefined ? text : formatDuration(milliseconds);
}

function unsupportedField({ unsupported, because }: Schema, path: Path): Problem {
  const name = String(path.at(-1));
  if (unsupported === 'refused') {
    return {
      code: 'refusedField',
      message: `${name} is not supported: ${because ?? 'ignoring it would weaken security'}`,
      path,
    };
  }
  const message = because
    ? `${name} has no effect: ${because}`
    : `${name} is not supported and has no effect`;
  return { code: 'unsupportedField', message, path };
}

function writtenTwice(name: string, path: Path): Problem {
  return {
    code: 'schema',
    message: `${name} is written twice, in camel case and in snake case`,
    path: [...path, name],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

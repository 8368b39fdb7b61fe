import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { parseDuration } from '../duration.js';
import { formatPath } from '../problem.js';
import type { Path, Problem } from '../problem.js';
import type { Schema } from './builder.js';

const ajv = new Ajv({ allErrors: true, strict: true, verbose: true });
ajv.addKeyword('unsupported');
ajv.addKeyword('because');
ajv.addFormat('duration', (text: string) => parseDuration(text) !== undefined);

/** Compiled on first use: an agent's or a command's start should not pay for kinds that it never meets. */
const compiled = new Map<Schema, ValidateFunction>();

/** What of a normalised value breaks its schema, each with the path of the field. */
export function validateSchema(schema: Schema, value: unknown, root: Path): Problem[] {
  let validate = compiled.get(schema);
  if (!validate) compiled.set(schema, (validate = ajv.compile(schema)));
  validate(value);
  const errors = (validate.errors ?? []).filter((error) => error.keyword !== 'propertyNames');
  return errors.map((error) => describe(error, value, root));
}

function describe(error: ErrorObject, value: unknown, root: Path): Problem {
  const path = [...root, ...pointerSteps(error.instancePath, value)];
  const at = formatPath(path);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const name = String(params.additionalProperty);
      return {
        code: 'schema',
        message: `unknown field ${JSON.stringify(name)} in ${at}`,
        path: [...path, name],
      };
    }
    case 'enum':
      return schemaProblem(
        `${at} has to be one of ${(params.allowedValues as string[]).join(', ')}`,
        path,
        error,
      );
    case 'format':
      return schemaProblem(`${at} has to be a duration such as 1.5s or 100ms`, path, error);
    case 'type':
      return schemaProblem(`${at} has to be ${article(String(params.type))}`, path, error);
    default:
      return schemaProblem(`${at} ${error.message ?? 'is invalid'}`, path, error);
  }
}

function schemaProblem(message: string, path: Path, error: ErrorObject): Problem {
  return { code: 'schema', message: `${message}, not ${preview(error.data)}`, path };
}

const ARTICLES: ReadonlyMap<string, string> = new Map([
  ['object', 'an object'],
  ['array', 'a list'],
  ['string', 'a text'],
  ['integer', 'a whole number'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
]);

function article(type: string): string {
  return ARTICLES.get(type) ?? type;
}

function preview(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** A JSON pointer as steps; whether `/0` is an index or a name, only the value tells. */
function pointerSteps(pointer: string, value: unknown): Path {
  const steps: (string | number)[] = [];
  let held = value;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    steps.push(Array.isArray(held) ? Number(name) : name);
    held = (held as Record<string, unknown>)[name];
  }
  return steps;
}

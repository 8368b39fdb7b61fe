import type { Schema } from '../schema/builder.js';

/**
 * The part of OpenAPI v3 in which Kubernetes takes schemas.
 *
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export interface StructuralSchema {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
}

/** A rule of the API server's own, in CEL: what it says holds even while Galley is away. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** Whatever it holds is kept. */
export const ANYTHING: StructuralSchema = { 'x-kubernetes-preserve-unknown-fields': true };

/**
 * What the API server can check of a kind's schema: names, types and ranges. What a schema here cannot say, and Istio's
 * own rules, are Galley's to check.
 */
export function structural(schema: Schema): StructuralSchema {
  const { type, unsupported, because, items, properties, additionalProperties } = schema;
  if (unsupported) return { ...ANYTHING, ...(because && { description: `Without effect: ${because}.` }) };
  if (items) return { type: 'array', items: structural(items) };
  if (properties) return { type: 'object', properties: mapValues(properties, structural) };
  if (additionalProperties) return { type: 'object', additionalProperties: structural(additionalProperties) };
  return type === undefined ? ANYTHING : scalar(type, schema);
}

function scalar(type: string, { format, minimum, maximum, enum: names }: Schema): StructuralSchema {
  return {
    type,
    ...(format !== undefined && { format }),
    ...(type === 'integer' && { format: maximum === 2147483647 ? 'int32' : 'int64' }),
    ...(names && { enum: names }),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

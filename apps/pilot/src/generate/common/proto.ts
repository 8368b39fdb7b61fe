import type { google } from '#common/proto/envoy';

/** A generated message type, as far as packing needs it. */
interface Encodable<T> {
  encode(message: T): { finish(): Uint8Array };
  getTypeUrl(prefix?: string): string;
}

export type Any = google.protobuf.Any.$Properties;
export type Struct = google.protobuf.Struct.$Properties;

/** Packs a message of a generated type. */
export function any<T>(type: Encodable<T>, message: T): Any {
  return { type_url: type.getTypeUrl(), value: type.encode(message).finish() };
}

type StructValue =
  string | number | boolean | readonly StructValue[] | { readonly [key: string]: StructValue };

export function struct(members: { readonly [key: string]: StructValue }): Struct {
  return {
    fields: Object.fromEntries(Object.entries(members).map(([key, value]) => [key, structValue(value)])),
  };
}

function structValue(value: StructValue): google.protobuf.Value.$Properties {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (isList(value)) return { listValue: { values: value.map(structValue) } };
  return { structValue: struct(value) };
}

function isList(value: StructValue): value is readonly StructValue[] {
  return Array.isArray(value);
}

import type protobuf from 'protobufjs';
import { MessageJsonError, parseMessage } from './parse.js';
import { printMessage } from './print.js';
import { findMessageType, messageType, reflection, typeNameOf } from './schema.js';

/** A decoded message by the field names of the .proto files. Repeated fields are there even where they are empty. */
export type Fields = Record<string, unknown>;

/** `google.protobuf.Any` decoded. */
export interface AnyFields {
  type_url: string;
  value: Uint8Array;
}

/** What becomes of the elements of a repeated field. */
export type ListMerge = 'append' | 'replace';

export function decodeFields(type: string, value: Uint8Array): Fields {
  return messageType(type).decode(value) as unknown as Fields;
}

export function encodeFields(type: string, fields: Fields): Uint8Array {
  return messageType(type).encode(fields).finish();
}

/**
 * Merges `source` into `target`, as protobuf merges messages, and as people mean it: what is written wins (a wrapped
 * 0 as well), members of a oneof displace each other, and an Any of the same type is merged inside.
 */
export function mergeFields(type: string, target: Fields, source: Fields, lists: ListMerge): void {
  mergeMessages(messageType(type), target, source, lists);
}

/** Merges inside where both are of one type; undefined where they are not, or where nobody knows the type. */
export function mergeAny(target: AnyFields, source: AnyFields, lists: ListMerge): AnyFields | undefined {
  const typed = untyped(source) ?? source;
  const type = findMessageType(typeNameOf(target.type_url));
  if (!type || typeNameOf(typed.type_url) !== typeNameOf(target.type_url)) return undefined;
  const merged = type.decode(target.value) as unknown as Fields;
  mergeMessages(type, merged, type.decode(typed.value) as unknown as Fields, lists);
  return { type_url: target.type_url, value: type.encode(merged).finish() };
}

function mergeMessages(type: protobuf.Type, target: Fields, source: Fields, lists: ListMerge): void {
  for (const field of type.fieldsArray) {
    const value = Object.hasOwn(source, field.name) ? source[field.name] : undefined;
    if (value === undefined || value === null) continue;
    for (const other of field.partOf?.oneof ?? []) if (other !== field.name) delete target[other];
    const held = Object.hasOwn(target, field.name) ? target[field.name] : undefined;
    target[field.name] = mergeField(field.resolve(), held, value, lists);
  }
}

function mergeField(field: protobuf.Field, held: unknown, value: unknown, lists: ListMerge): unknown {
  if (field.map) return mergeMap(field, (held ?? {}) as Fields, value as Fields, lists);
  if (field.repeated) return mergeList((held ?? []) as unknown[], value as unknown[], lists);
  return mergeValue(field, held, value, lists);
}

function mergeList(held: unknown[], value: unknown[], lists: ListMerge): unknown[] {
  if (value.length === 0) return held;
  return lists === 'replace' ? value : [...held, ...value];
}

function mergeMap(field: protobuf.Field, held: Fields, value: Fields, lists: ListMerge): Fields {
  const merged = Object.entries(value).map(([key, member]) => {
    return [key, mergeValue(field, Object.hasOwn(held, key) ? held[key] : undefined, member, lists)];
  });
  return { ...held, ...(Object.fromEntries(merged) as Fields) };
}

function mergeValue(field: protobuf.Field, held: unknown, value: unknown, lists: ListMerge): unknown {
  const type = field.resolvedType;
  if (!(type instanceof reflection().Type) || typeof held !== 'object' || held === null) return value;
  if (type.fullName === '.google.protobuf.Any') {
    return mergeAny(held as AnyFields, value as AnyFields, lists) ?? value;
  }
  // The others of the package are values: a duration of 1s is no addition to 0.5s.
  if (type.fullName.startsWith('.google.protobuf.') && type.name !== 'Struct') return value;
  mergeMessages(type, held as Fields, value as Fields, lists);
  return held;
}

/** What a TypedStruct stands for, where its type is known here: Envoy would read it so. */
function untyped({ type_url, value }: AnyFields): AnyFields | undefined {
  if (!/^(xds|udpa)\.type\.v[13]\.TypedStruct$/.test(typeNameOf(type_url))) return undefined;
  const { type_url: url, value: struct } = decodeFields(typeNameOf(type_url), value);
  const type = typeof url === 'string' ? findMessageType(typeNameOf(url)) : undefined;
  if (!type || typeof url !== 'string' || !struct) return undefined;
  try {
    const Struct = messageType('google.protobuf.Struct');
    const json = printMessage(Struct, Struct.encode(struct).finish());
    return { type_url: url, value: parseMessage(type, json) };
  } catch (error) {
    if (error instanceof MessageJsonError) return undefined;
    throw error;
  }
}

import protobuf from 'protobufjs';
import type { JsonObject, JsonValue } from './json.js';
import { typeOfUrl } from './schema.js';

type Members = Record<string, unknown>;

export function parseMessage(type: protobuf.Type, json: JsonValue): Uint8Array {
  return type.encode(type.fromObject(parseDecoded(type, json) as object)).finish();
}

function parseDecoded(type: protobuf.Type, json: JsonValue): unknown {
  const special = WELL_KNOWN.get(type.fullName);
  return special ? special(json) : parseFields(type, expectObject(type, json));
}

function expectObject(type: protobuf.Type, json: JsonValue): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  throw new TypeError(`${type.fullName.slice(1)}: expected an object`);
}

function parseFields(type: protobuf.Type, json: JsonObject): Members {
  const out: Members = {};
  for (const [name, value] of Object.entries(json)) {
    const field = fieldOf(type, name);
    if (!field) throw new TypeError(`${type.fullName.slice(1)} has no field '${name}'`);
    if (value !== null) out[field.name] = parseField(field.resolve(), value);
  }
  return out;
}

/** By the name of the .proto file, `bind_to_port`, or by the JSON name, `bindToPort`. */
function fieldOf(type: protobuf.Type, name: string): protobuf.Field | undefined {
  return type.fields[name] ?? type.fieldsArray.find((field) => protobuf.util.camelCase(field.name) === name);
}

function parseField(field: protobuf.Field, value: JsonValue): unknown {
  if (field.map) {
    const entries = Object.entries(value as JsonObject);
    return Object.fromEntries(entries.map(([key, member]) => [key, parseValue(field, member)]));
  }
  if (field.repeated) return (value as JsonValue[]).map((member) => parseValue(field, member));
  return parseValue(field, value);
}

function parseValue(field: protobuf.Field, value: JsonValue): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return parseDecoded(resolvedType, value);
  if (resolvedType instanceof protobuf.Enum) return parseEnum(resolvedType, value);
  if (field.type === 'bytes') return Buffer.from(text(value), 'base64');
  if (field.type === 'string') return text(value);
  return typeof value === 'string' ? Number(value) : value;
}

function parseEnum(type: protobuf.Enum, value: JsonValue): number {
  const number = typeof value === 'number' ? value : type.values[text(value)];
  if (number === undefined) throw new TypeError(`${type.fullName.slice(1)} has no value '${text(value)}'`);
  return number;
}

/** A scalar as text; what is none shows as the JSON that it is. */
function text(json: JsonValue): string {
  return typeof json === 'string' ? json : JSON.stringify(json);
}

const wrapper = (json: JsonValue): Members => ({ value: json });
const numeric = (json: JsonValue): Members => ({ value: Number(json) });

const WELL_KNOWN: ReadonlyMap<string, (json: JsonValue) => unknown> = new Map([
  ['.google.protobuf.Any', parseAny],
  ['.google.protobuf.Duration', parseDuration],
  ['.google.protobuf.Timestamp', parseTimestamp],
  ['.google.protobuf.Struct', parseStruct],
  ['.google.protobuf.Value', parseStructValue],
  ['.google.protobuf.ListValue', parseList],
  ['.google.protobuf.BoolValue', wrapper],
  ['.google.protobuf.StringValue', wrapper],
  ...['Int32', 'UInt32', 'Int64', 'UInt64', 'Float', 'Double'].map(
    (name): [string, (json: JsonValue) => unknown] => [`.google.protobuf.${name}Value`, numeric],
  ),
  ['.google.protobuf.BytesValue', (json) => ({ value: Buffer.from(text(json), 'base64') })],
]);

function parseAny(json: JsonValue): Members {
  const { '@type': url, ...members } = json as JsonObject;
  if (typeof url !== 'string') return {};
  const type = typeOfUrl(url);
  const body = WELL_KNOWN.has(type.fullName) ? (members['value'] ?? {}) : members;
  return { type_url: url, value: parseMessage(type, body) };
}

function parseDuration(json: JsonValue): Members {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(text(json));
  if (!match) throw new TypeError(`'${text(json)}' is no duration`);
  const sign = match[1] ? -1 : 1;
  return { seconds: sign * Number(match[2]), nanos: sign * Number((match[3] ?? '').padEnd(9, '0')) };
}

function parseTimestamp(json: JsonValue): Members {
  const milliseconds = Date.parse(text(json));
  const fraction = /\.(\d{1,9})/.exec(text(json))?.[1] ?? '';
  return { seconds: Math.floor(milliseconds / 1000), nanos: Number(fraction.padEnd(9, '0')) };
}

function parseStruct(json: JsonValue): Members {
  const entries = Object.entries(json as JsonObject);
  return { fields: Object.fromEntries(entries.map(([key, value]) => [key, parseStructValue(value)])) };
}

function parseList(json: JsonValue): Members {
  return { values: (json as JsonValue[]).map(parseStructValue) };
}

function parseStructValue(json: JsonValue): Members {
  if (json === null) return { nullValue: 0 };
  if (Array.isArray(json)) return { listValue: parseList(json) };
  switch (typeof json) {
    case 'string':
      return { stringValue: json };
    case 'number':
      return { numberValue: json };
    case 'boolean':
      return { boolValue: json };
    default:
      return { structValue: parseStruct(json) };
  }
}

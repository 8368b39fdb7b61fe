import type protobuf from 'protobufjs';
import type { JsonObject, JsonValue } from './json-value.js';
import { findMessageType, reflection, typeNameOf } from './schema.js';

type Members = Record<string, unknown>;

/** JSON that is not of the message that it should be, and where: `path` has member names and list indexes. */
export class MessageJsonError extends TypeError {
  override readonly name = 'MessageJsonError';

  constructor(
    readonly reason: string,
    readonly path: readonly (string | number)[] = [],
  ) {
    super(path.length > 0 ? `${path.join('.')}: ${reason}` : reason);
  }
}

export function parseMessage(type: protobuf.Type, json: JsonValue): Uint8Array {
  return type.encode(type.fromObject(parseDecoded(type, json) as object)).finish();
}

/** Runs `action` for what stands one step further in. */
function within<T>(step: string | number, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof MessageJsonError) throw new MessageJsonError(error.reason, [step, ...error.path]);
    throw error;
  }
}

function fail(reason: string): never {
  throw new MessageJsonError(reason);
}

function parseDecoded(type: protobuf.Type, json: JsonValue): unknown {
  const special = WELL_KNOWN.get(type.fullName);
  return special ? special(json) : parseFields(type, expectObject(json, type.fullName.slice(1)));
}

function expectObject(json: JsonValue | undefined, what: string): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  return fail(`expected an object (${what})`);
}

function expectList(json: JsonValue): JsonValue[] {
  return Array.isArray(json) ? json : fail('expected a list');
}

function parseFields(type: protobuf.Type, json: JsonObject): Members {
  const out: Members = {};
  for (const [name, value] of Object.entries(json)) {
    const field = fieldOf(type, name);
    if (!field) return fail(`${type.fullName.slice(1)} has no field '${name}'`);
    // Null is unset, but for a Value, which it is a value of.
    if (value === null && field.resolve().resolvedType?.fullName !== '.google.protobuf.Value') continue;
    if (Object.hasOwn(out, field.name)) return fail(`'${name}' is written twice`);
    refuseSecondChoice(field, out);
    out[field.name] = within(name, () => parseField(field.resolve(), value));
  }
  return out;
}

function refuseSecondChoice(field: protobuf.Field, out: Members): void {
  const other = field.partOf?.oneof.find((name) => Object.hasOwn(out, name));
  if (other !== undefined) fail(`'${field.name}' and '${other}' exclude each other`);
}

/** By the name of the .proto file, `bind_to_port`, or by the JSON name, `bindToPort`. */
function fieldOf(type: protobuf.Type, name: string): protobuf.Field | undefined {
  if (Object.hasOwn(type.fields, name)) return type.fields[name];
  return type.fieldsArray.find((field) => reflection().util.camelCase(field.name) === name);
}

function parseField(field: protobuf.Field, value: JsonValue): unknown {
  if (field.map) {
    const entries = Object.entries(expectObject(value, 'a map'));
    return Object.fromEntries(
      entries.map(([key, member]) => [key, within(key, () => parseValue(field, member))]),
    );
  }
  if (field.repeated) {
    return expectList(value).map((member, index) => within(index, () => parseValue(field, member)));
  }
  return parseValue(field, value);
}

function parseValue(field: protobuf.Field, value: JsonValue): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof reflection().Type) return parseDecoded(resolvedType, value);
  if (resolvedType instanceof reflection().Enum) return parseEnum(resolvedType, value);
  return parseScalar(field.type, value);
}

function parseScalar(type: string, value: JsonValue): unknown {
  if (type === 'string')
    return typeof value === 'string' ? value : fail(`expected a text, not ${text(value)}`);
  if (type === 'bytes') return parseBytes(value);
  if (type === 'bool') {
    return typeof value === 'boolean' ? value : fail(`expected true or false, not ${text(value)}`);
  }
  return parseNumber(type, value);
}

function parseBytes(value: JsonValue): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : fail('expected bytes as base64');
}

const WHOLE = /^(u?int|s?fixed|sint)/;

function parseNumber(type: string, value: JsonValue): number {
  const number =
    typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : NaN;
  if (Number.isNaN(number)) return fail(`expected a number, not ${text(value)}`);
  if (!WHOLE.test(type)) return number;
  const unsigned = /^(uint|fixed)/.test(type);
  const limit = type.endsWith('64') ? Number.MAX_SAFE_INTEGER : unsigned ? 0xffffffff : 0x7fffffff;
  const fits = Number.isInteger(number) && number <= limit && number >= (unsigned ? 0 : -limit - 1);
  return fits ? number : fail(`${text(value)} is no ${type}`);
}

function parseEnum(type: protobuf.Enum, value: JsonValue): number {
  const name = text(value);
  const known =
    typeof value === 'number' ? Object.hasOwn(type.valuesById, value) : Object.hasOwn(type.values, name);
  if (!known) return fail(`${type.fullName.slice(1)} has no value '${name}'`);
  return typeof value === 'number' ? value : type.values[name]!;
}

/** A scalar as text; what is none shows as the JSON that it is. */
function text(json: JsonValue): string {
  return typeof json === 'string' ? json : JSON.stringify(json);
}

const wrapper =
  (type: string) =>
  (json: JsonValue): Members => ({ value: parseScalar(type, json) });

const WELL_KNOWN: ReadonlyMap<string, (json: JsonValue) => unknown> = new Map([
  ['.google.protobuf.Any', parseAny],
  ['.google.protobuf.Duration', parseDuration],
  ['.google.protobuf.Timestamp', parseTimestamp],
  ['.google.protobuf.Struct', parseStruct],
  ['.google.protobuf.Value', parseStructValue],
  ['.google.protobuf.ListValue', parseList],
  ...['Bool', 'String', 'Bytes', 'Int32', 'UInt32', 'Int64', 'UInt64', 'Float', 'Double'].map(
    (name): [string, (json: JsonValue) => unknown] => [
      `.google.protobuf.${name}Value`,
      wrapper(name.toLowerCase()),
    ],
  ),
]);

function parseAny(json: JsonValue): Members {
  const { '@type': url, ...members } = expectObject(json, 'with a member @type');
  if (url === undefined && Object.keys(members).length === 0) return {};
  if (typeof url !== 'string') return fail("expected a member '@type'");
  const type = findMessageType(typeNameOf(url)) ?? within('@type', () => fail(unknownType(url)));
  const body = WELL_KNOWN.has(type.fullName) ? (members['value'] ?? {}) : members;
  return { type_url: url, value: parseMessage(type, body) };
}

/** Envoy dropped its API v2 in 2021; its packages are the ones with v2 in their names, or without a version. */
function unknownType(url: string): string {
  const name = typeNameOf(url);
  if (/^envoy\.(api\.v2|(config|data|service)\.(?!.*\.v3))/.test(name)) {
    return `${name} is of Envoy's API v2, which Envoy no longer has`;
  }
  return `Envoy's API has no message ${name} that is known here`;
}

function parseDuration(json: JsonValue): Members {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(text(json));
  if (!match) return fail(`'${text(json)}' is no duration, such as 1.5s`);
  const sign = match[1] ? -1 : 1;
  return { seconds: sign * Number(match[2]), nanos: sign * Number((match[3] ?? '').padEnd(9, '0')) };
}

function parseTimestamp(json: JsonValue): Members {
  const milliseconds = Date.parse(text(json));
  if (Number.isNaN(milliseconds)) return fail(`'${text(json)}' is no time`);
  const fraction = /\.(\d{1,9})/.exec(text(json))?.[1] ?? '';
  return { seconds: Math.floor(milliseconds / 1000), nanos: Number(fraction.padEnd(9, '0')) };
}

function parseStruct(json: JsonValue): Members {
  const entries = Object.entries(expectObject(json, 'google.protobuf.Struct'));
  return { fields: Object.fromEntries(entries.map(([key, value]) => [key, parseStructValue(value)])) };
}

function parseList(json: JsonValue): Members {
  return { values: expectList(json).map(parseStructValue) };
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

import type protobuf from 'protobufjs';
import type { JsonObject, JsonValue } from './json-value.js';
import { reflection, typeOfUrl } from './schema.js';

type Members = Readonly<Record<string, unknown>>;

export function printMessage(type: protobuf.Type, value: Uint8Array): JsonValue {
  return printDecoded(type, type.decode(value) as unknown as Members);
}

function printDecoded(type: protobuf.Type, message: Members): JsonValue {
  const special = WELL_KNOWN.get(type.fullName);
  return special ? special(message) : printFields(type, message);
}

function printFields(type: protobuf.Type, message: Members): JsonObject {
  const out: JsonObject = {};
  for (const field of type.fieldsArray) {
    const value = Object.hasOwn(message, field.name) ? message[field.name] : undefined;
    if (value === undefined || value === null || isDefault(field, value)) continue;
    out[field.name] = printField(field, value);
  }
  return out;
}

/** Proto3 leaves out what equals the default, except where presence counts: oneofs, optional fields, messages. */
function isDefault(field: protobuf.Field, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (field.map) return Object.keys(value as object).length === 0;
  if (field.partOf || field.resolve().resolvedType instanceof reflection().Type) return false;
  if (value instanceof Uint8Array) return value.length === 0;
  return value === 0 || value === '' || value === false;
}

function printField(field: protobuf.Field, value: unknown): JsonValue {
  field.resolve();
  if (field.map) {
    const entries = Object.entries(value as Members);
    return Object.fromEntries(entries.map(([key, member]) => [key, printValue(field, member)]));
  }
  if (field.repeated) return (value as unknown[]).map((member) => printValue(field, member));
  return printValue(field, value);
}

function printValue(field: protobuf.Field, value: unknown): JsonValue {
  const { resolvedType } = field;
  if (resolvedType instanceof reflection().Type) return printDecoded(resolvedType, value as Members);
  if (resolvedType instanceof reflection().Enum)
    return resolvedType.valuesById[value as number] ?? (value as number);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  // 64-bit integers are strings in JSON, because a reader's numbers may not hold them.
  if (/64$/.test(field.type)) return String(value);
  return value as string | number | boolean;
}

const WELL_KNOWN: ReadonlyMap<string, (message: Members) => JsonValue> = new Map([
  ['.google.protobuf.Any', printAny],
  ['.google.protobuf.Duration', printDuration],
  ['.google.protobuf.Timestamp', printTimestamp],
  ['.google.protobuf.Struct', printStruct],
  ['.google.protobuf.Value', printStructValue],
  ['.google.protobuf.ListValue', printList],
  ['.google.protobuf.Empty', () => ({})],
  ...['Bool', 'String', 'Int32', 'UInt32', 'Float', 'Double'].map(
    (name): [string, (message: Members) => JsonValue] => [
      `.google.protobuf.${name}Value`,
      (message) => message['value'] as JsonValue,
    ],
  ),
  ...['Int64', 'UInt64'].map((name): [string, (message: Members) => JsonValue] => [
    `.google.protobuf.${name}Value`,
    (message) => String(message['value']),
  ]),
  ['.google.protobuf.BytesValue', ({ value }) => Buffer.from(value as Uint8Array).toString('base64')],
]);

function printAny({ type_url: url, value }: Members): JsonValue {
  if (!url) return {};
  const type = typeOfUrl(url as string);
  const printed = printMessage(type, value as Uint8Array);
  if (WELL_KNOWN.has(type.fullName)) return { '@type': url as string, value: printed };
  return { '@type': url as string, ...(printed as JsonObject) };
}

/** `1.5s`: as few digits of the fraction as hold it, in threes. */
function printDuration({ seconds, nanos }: Members): JsonValue {
  return `${seconds as number}${fraction(nanos as number)}s`;
}

function printTimestamp({ seconds, nanos }: Members): JsonValue {
  const whole = new Date((seconds as number) * 1000).toISOString().slice(0, 19);
  return `${whole}${fraction(nanos as number)}Z`;
}

function fraction(nanos: number): string {
  return nanos
    ? `.${String(nanos)
        .padStart(9, '0')
        .replace(/(000){1,2}$/, '')}`
    : '';
}

function printStruct({ fields }: Members): JsonValue {
  const entries = Object.entries((fields ?? {}) as Record<string, Members>);
  return Object.fromEntries(entries.map(([key, value]) => [key, printStructValue(value)]));
}

function printList({ values }: Members): JsonValue {
  return ((values ?? []) as Members[]).map(printStructValue);
}

function printStructValue(value: Members): JsonValue {
  const member = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
  const struct = member('structValue');
  if (struct) return printStruct(struct as Members);
  const list = member('listValue');
  if (list) return printList(list as Members);
  return (member('stringValue') ?? member('numberValue') ?? member('boolValue') ?? null) as JsonValue;
}

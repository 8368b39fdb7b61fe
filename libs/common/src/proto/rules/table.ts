import { readFileSync } from 'node:fs';

/**
 * Rules of one field, as protoc-gen-validate names them: `{ uint32: { lte: 100 } }`, `{ repeated: { min_items: 1 } }`.
 *
 * @see https://github.com/bufbuild/protoc-gen-validate/blob/v1.0.4/README.md#constraint-rules
 */
export type Rules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface RuledField {
  readonly name: string;
  /** `message`, `enum`, or the scalar's name. */
  readonly type: string;
  /** Full name, of a message. */
  readonly message?: string;
  /** Numbers that an enum defines. */
  readonly values?: readonly number[];
  readonly repeated?: true;
  /** Type of a map's keys; maps are repeated. */
  readonly keyType?: string;
  /** One of several, so its absence is not its default value. */
  readonly optional?: true;
  readonly rules?: Rules;
}

export interface RuledMessage {
  /** By number, those that have rules or lead to others. */
  readonly fields: Readonly<Record<string, RuledField>>;
  /** Of each of these one field has to be set. */
  readonly oneofs?: readonly (readonly [name: string, numbers: readonly number[]])[];
}

let table: ReadonlyMap<string, RuledMessage> | undefined;

/** Read on first use: 280 KB, made by tools/validation-rules.mjs. Undefined for a message without rules. */
export function ruledMessage(name: string): RuledMessage | undefined {
  table ??= new Map(
    Object.entries(
      JSON.parse(readFileSync(new URL('../envoy/gen/rules.json', import.meta.url), 'utf8')) as Record<
        string,
        RuledMessage
      >,
    ),
  );
  return table.get(name);
}

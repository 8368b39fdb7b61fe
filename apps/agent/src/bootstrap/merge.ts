import type { Json, JsonObject } from './json.js';

/** What an EnvoyFilter changes of the bootstrap. */
export interface BootstrapPatch {
  readonly value: JsonObject;
  /** Lists of the value take the place of those that are there instead of being appended. */
  readonly replacesLists: boolean;
  /** Key of the EnvoyFilter. */
  readonly source: string;
}

/** The bootstrap with all of them, in their order. */
export function patched(bootstrap: JsonObject, patches: readonly BootstrapPatch[]): JsonObject {
  return patches.reduce((made, { value, replacesLists }) => merged(made, value, replacesLists), bootstrap);
}

/** As protobuf merges messages: member by member, lists appended, and a message of any type as a whole. */
function merged(into: JsonObject, from: JsonObject, replacesLists: boolean): JsonObject {
  const out: Record<string, Json> = { ...into };
  for (const [name, value] of Object.entries(from)) {
    const before = into[name];
    if (isList(before) && isList(value)) out[name] = replacesLists ? value : [...before, ...value];
    else if (isMessage(before) && isMessage(value)) out[name] = merged(before, value, replacesLists);
    else out[name] = value;
  }
  return out;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isMessage(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && !Array.isArray(value) && !('@type' in value);
}

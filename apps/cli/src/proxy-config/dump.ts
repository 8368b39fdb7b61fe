/** JSON of unknown shape, read with care: a dump comes from whatever Envoy there is. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };
export type JsonRecord = { readonly [member: string]: Json };

/** Envoy's /config_dump: https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/config_dump.proto */
export interface ConfigDump {
  readonly configs: readonly JsonRecord[];
}

export function record(value: Json | undefined): JsonRecord {
  return typeof value === 'object' && value !== null && !isList(value) ? value : {};
}

export function list(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

/** Without this the readonly array would not be told from a record. */
function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function records(value: Json | undefined): JsonRecord[] {
  return list(value).map(record);
}

export function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export function texts(value: Json | undefined): string[] {
  return list(value).map(text);
}

/** What lies at a path of members, `['active_state', 'listener']`. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, member) => record(inner)[member], value);
}

/** The sections of one message, `ClustersConfigDump`; Envoy may split one into several. */
export function sections({ configs }: ConfigDump, message: string): JsonRecord[] {
  return configs.filter((config) => text(config['@type']).endsWith(`.${message}`));
}

/** Parses a dump. Throws a message for the user where it is none. */
export function parseDump(source: string, where: string): ConfigDump {
  const value = parseJson(source, where);
  const configs = at(value, 'configs');
  if (configs === undefined) throw new Error(`${where} is no config dump: it has no 'configs'`);
  return { configs: records(configs) };
}

export function parseJson(source: string, where: string): Json {
  try {
    return JSON.parse(source) as Json;
  } catch {
    throw new Error(`${where} is not JSON`);
  }
}

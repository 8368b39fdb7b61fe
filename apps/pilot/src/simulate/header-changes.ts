import type { HeaderFields, HeaderValueOption } from './envoy-config.js';

/** What Envoy does to headers, level after level: at each first it removes, then it adds. */
export type HeaderChanges = readonly HeaderLevel[];

export interface HeaderLevel {
  readonly remove: readonly string[];
  readonly add: readonly HeaderAddition[];
}

interface HeaderAddition {
  readonly name: string;
  readonly value: string;
  readonly how: NonNullable<HeaderValueOption['append_action']>;
}

/** From the innermost level (a weighted cluster) to the outermost (the route table). */
export function requestChanges(...levels: readonly (HeaderFields | undefined)[]): HeaderChanges {
  return changes(levels.map((level) => [level?.request_headers_to_remove, level?.request_headers_to_add]));
}

export function responseChanges(...levels: readonly (HeaderFields | undefined)[]): HeaderChanges {
  return changes(levels.map((level) => [level?.response_headers_to_remove, level?.response_headers_to_add]));
}

function changes(
  levels: readonly (readonly [readonly string[] | undefined, readonly HeaderValueOption[] | undefined])[],
): HeaderChanges {
  return levels
    .map(([remove = [], add = []]) => ({
      remove: remove.map((name) => name.toLowerCase()),
      add: add.map(({ header, append_action: how = 'APPEND_IF_EXISTS_OR_ADD' }) => {
        return { name: header.key.toLowerCase(), value: header.value ?? '', how };
      }),
    }))
    .filter(({ remove, add }) => remove.length > 0 || add.length > 0);
}

/** The headers after all changes, several values of a name joined by commas. */
export function changedHeaders(
  headers: Readonly<Record<string, string>>,
  levels: HeaderChanges,
): ReadonlyMap<string, string> {
  const changed = new Map(Object.entries(headers));
  for (const { remove, add } of levels) {
    for (const name of remove) changed.delete(name);
    for (const addition of add) addTo(changed, addition);
  }
  return changed;
}

function addTo(headers: Map<string, string>, { name, value, how }: HeaderAddition): void {
  const held = headers.get(name);
  switch (how) {
    case 'APPEND_IF_EXISTS_OR_ADD':
      headers.set(name, held === undefined ? value : `${held},${value}`);
      return;
    case 'ADD_IF_ABSENT':
      if (held === undefined) headers.set(name, value);
      return;
    case 'OVERWRITE_IF_EXISTS':
      if (held !== undefined) headers.set(name, value);
      return;
    default:
      headers.set(name, value);
  }
}

import type { Patch } from '../../model/patch.js';
import type { Fields } from './message.js';
import { valueOf } from './message.js';

/** How a patch looks an element of a list up. */
export interface Lookup {
  /** Whether the patch asks for a certain element at all. */
  readonly asks: boolean;
  readonly matches: (element: Fields) => boolean;
}

/**
 * The list after an operation that adds, takes away or replaces elements; undefined where it changes nothing.
 *
 * @param end where an element that is added to the end goes: some lists have one that has to be the last
 */
export function editList(
  list: readonly Fields[],
  patch: Patch,
  { asks, matches }: Lookup,
  end: number = list.length,
): Fields[] | undefined {
  const insert = (at: number): Fields[] => [...list.slice(0, at), valueOf(patch), ...list.slice(at)];
  const found = list.findIndex(matches);
  switch (patch.operation) {
    case 'ADD':
      return insert(end);
    case 'INSERT_FIRST':
      return insert(0);
    case 'INSERT_BEFORE':
      if (!asks) return insert(0);
      return found < 0 ? undefined : insert(found);
    case 'INSERT_AFTER':
      if (!asks) return insert(end);
      return found < 0 ? undefined : insert(found + 1);
    case 'REPLACE':
      return asks && found >= 0 ? list.map((each) => (matches(each) ? valueOf(patch) : each)) : undefined;
    case 'REMOVE':
      return asks && found >= 0 ? list.filter((each) => !matches(each)) : undefined;
    default:
      return undefined;
  }
}

import { touch, type Entry, type Touched } from './scope.js';

/** Takes a list of names in. */
export function settleNames(entry: Entry, list: readonly string[], touched: Touched): void {
  const before = entry.names;
  const after = (entry.names = new Set(list));
  for (const name of after) if (!before.has(name)) touch(touched, entry.type, name);
  for (const name of before) if (!after.has(name)) touch(touched, entry.type, name);
}

/** Takes in what some of the names were, and what there is in their place. */
export function mendNames(
  entry: Entry,
  had: readonly string[],
  has: readonly string[],
  touched: Touched,
): void {
  const { type } = entry;
  // Nobody else has it: it was made in settleNames.
  const names = entry.names as Set<string>;
  const kept = new Set(has);
  for (const name of had) if (!kept.has(name) && names.delete(name)) touch(touched, type, name);
  for (const name of has) {
    if (names.has(name)) continue;
    names.add(name);
    touch(touched, type, name);
  }
}

import type { AttributeBag, StringMap, Value } from '#expressions';

/** The attributes of one request, while they are put together. */
export type Attributes = Map<string, Value>;

/** Attributes made beforehand and the same for many requests (those of a workload, of a listener). */
export type StaticAttributes = readonly (readonly [name: string, value: Value])[];

/** Adds the values that are there; an absent attribute is one that is not in the bag. */
export function addAll(bag: Attributes, attributes: StaticAttributes): void {
  for (const [name, value] of attributes) bag.set(name, value);
}

export function setPresent(bag: Attributes, name: string, value: Value | null | undefined): void {
  if (value !== undefined && value !== null && value !== '') bag.set(name, value);
}

/** A bag in which `over` hides the values of `base`: what attribute generators add, what adapters put out. */
export function overlay(base: AttributeBag, over: ReadonlyMap<string, Value>): AttributeBag {
  return over.size === 0 ? base : { get: (name) => over.get(name) ?? base.get(name) };
}

/** A decoded protobuf map as a STRING_MAP. Only its own keys count: `constructor` is no header. */
export class RecordMap implements StringMap {
  constructor(private readonly record: Readonly<Record<string, string>>) {}

  get(key: string): string | undefined {
    return Object.hasOwn(this.record, key) ? this.record[key] : undefined;
  }

  entries(): Iterable<[string, string]> {
    return Object.entries(this.record);
  }
}

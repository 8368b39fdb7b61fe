import { digestOf } from '../../model/config.js';
import type { Inputs } from '../../model/contract.js';

/** Data that JSON shows whole: what is not in the text would not be in the key. */
type Plain =
  string | number | boolean | null | undefined | { toJSON(): string } | readonly Plain[] | PlainObject;
interface PlainObject {
  readonly [member: string]: Plain;
}

/** Rules out what JSON leaves out: functions, Maps, Sets and bytes. */
type Hashable<T> = T extends
  ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | Uint8Array | ((...args: never[]) => unknown)
  ? never
  : T extends { toJSON(): string }
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Hashable<T[K]> }
      : T extends Plain
        ? T
        : never;

/**
 * Makes inputs of what a selector picked. The key is a hash over all of it, so that nothing a generator can read is
 * missing from the key; large config objects stand for themselves by their digest (see Config.toJSON).
 */
export function seal<T extends object>(type: string, picked: T & Hashable<T>): T & Inputs {
  return { ...picked, key: digestOf(`${type} ${JSON.stringify(picked)}`) };
}

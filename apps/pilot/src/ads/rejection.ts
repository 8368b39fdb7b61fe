import type { ResourceKey } from '#config';
import type { SentResponse } from './held.js';

/** A resource that a proxy refuses, in the version that it refuses. */
export interface Rejection {
  readonly name: string;
  /** Empty where it is the removal that was refused. */
  readonly version: string;
  /** Envoy's own words. */
  readonly message: string;
  /** Config keys that the resource was made from. */
  readonly sources: readonly ResourceKey[];
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** Longest message that is kept. */
const MESSAGE_LIMIT = 2_000;

/** Envoy repeats a whole resource in some messages, and says what is wrong with it before or behind. */
export function shortened(message: string): string {
  if (message.length <= MESSAGE_LIMIT) return message;
  const half = MESSAGE_LIMIT / 2;
  return `${message.slice(0, half)} [...] ${message.slice(-half)}`;
}

/**
 * The names in a rejected response that are to blame: those that the message names, or the only one there is. Empty
 * where the message does not tell; with `all` everybody is to blame then.
 */
export function blame(response: SentResponse, message: string, all: boolean): string[] {
  const names = [...response.items.keys()];
  if (names.length <= 1 || all) return names;
  return names.filter((name) => mentions(message, name));
}

export function halves(names: readonly string[]): string[][] {
  const middle = Math.ceil(names.length / 2);
  return [names.slice(0, middle), names.slice(middle)].filter((half) => half.length > 0);
}

/** Is `name` in the message as a whole, not as a part of a longer name? */
function mentions(message: string, name: string): boolean {
  for (let at = message.indexOf(name); at >= 0; at = message.indexOf(name, at + 1)) {
    const end = at + name.length;
    const endsHere = !NAME_PART.test(message[end] ?? '') || SENTENCE_END.test(message.slice(end, end + 2));
    if (endsHere && !NAME_PART.test(message[at - 1] ?? '')) return true;
  }
  return false;
}

/** Characters that names of clusters, listeners and hosts are made of. */
const NAME_PART = /[A-Za-z0-9_.|\-/]/;
const SENTENCE_END = /^\.(\s|$)/;

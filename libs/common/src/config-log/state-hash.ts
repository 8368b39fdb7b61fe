import { createHash } from 'node:crypto';
import type { ResourceKey } from '#config';

const MODULUS = 1n << 256n;
const HEX_DIGITS = 64;

/** sha256 over the UTF-8 bytes of `key|content`, as a number (big-endian). Keys hold no `|`. */
export function entryHash(key: ResourceKey, content: string): bigint {
  return BigInt(`0x${createHash('sha256').update(key).update('|').update(content).digest('hex')}`);
}

/**
 * Hash over a whole state that costs what changed: the sum, modulo 2^256, over the {@link entryHash} of each
 * resource. Order does not matter, and what was added can be taken away again. Origins are not part of it.
 */
export class StateHash {
  #sum = 0n;

  static of(resources: Iterable<readonly [ResourceKey, { readonly content: string }]>): StateHash {
    const hash = new StateHash();
    for (const [key, { content }] of resources) hash.add(key, content);
    return hash;
  }

  copy(): StateHash {
    const copy = new StateHash();
    copy.#sum = this.#sum;
    return copy;
  }

  add(key: ResourceKey, content: string): void {
    this.#sum = (this.#sum + entryHash(key, content)) % MODULUS;
  }

  remove(key: ResourceKey, content: string): void {
    this.#sum = (this.#sum - entryHash(key, content) + MODULUS) % MODULUS;
  }

  /** 64 lower-case hex digits. */
  toString(): string {
    return this.#sum.toString(16).padStart(HEX_DIGITS, '0');
  }
}

/** The hash of a state that holds nothing. */
export const EMPTY_STATE_HASH = new StateHash().toString();

import type { XdsResource } from '../model/contract.js';
import type { Held, SentResponse } from './held.js';

/** A response as it is the same for many clients. */
export interface CommonResponse {
  readonly typeUrl: string;
  readonly revision: number;
  readonly upserts: readonly XdsResource[];
  readonly nonce: string;
  readonly message: Buffer;
  /** For a client that held nothing before: what it holds then, and what it is asked to answer for. */
  readonly first: () => { readonly held: ReadonlyMap<string, Held>; readonly items: SentResponse['items'] };
}

/** So many responses are remembered; the oldest goes first, and at a new revision all go. */
const RESPONSES = 32;
/** So many lists of names, and states of clients: one for each sort of client. */
const LISTS = 32;
/** Shorter lists are not worth the comparison. */
const SHORT = 32;

/**
 * What clients have in common: the responses that they get, the names that they ask for, what they hold. Kept once for
 * all of them, so that a client costs what it differs in.
 */
export class CommonState {
  private readonly responses: CommonResponse[] = [];
  private readonly lists: ReadonlyMap<string, true>[] = [];
  private readonly states: WeakRef<ReadonlyMap<string, Held>>[] = [];
  private nonces = 0;

  /** The response with exactly these resources; made by `encode` where nobody had it yet. */
  response(
    head: Pick<CommonResponse, 'typeUrl' | 'revision'>,
    upserts: readonly XdsResource[],
    encode: (nonce: string) => Buffer,
  ): CommonResponse {
    const { typeUrl, revision } = head;
    const known = this.responses.find(
      (each) => each.typeUrl === typeUrl && each.revision === revision && areSame(each.upserts, upserts),
    );
    if (known) return known;
    if (this.responses[0] && this.responses[0].revision !== revision) this.responses.length = 0;
    // No stream counts its own responses like this.
    const nonce = `~${(++this.nonces).toString(36)}`;
    const made = {
      typeUrl,
      revision,
      upserts,
      nonce,
      message: encode(nonce),
      first: once(() => first(upserts)),
    };
    return remember(this.responses, made, RESPONSES);
  }

  /** Nobody is about to get what others got before: what comes anew is put together anew. */
  forgetResponses(): void {
    this.responses.length = 0;
  }

  /** These names, each once, as others asked for them before; undefined for a list that is not worth it. */
  names(names: readonly string[]): ReadonlyMap<string, true> | undefined {
    if (names.length < SHORT) return undefined;
    const known = this.lists.find(
      (list) => list.size === names.length && names.every((name) => list.has(name)),
    );
    return known ?? remember(this.lists, new Map(names.map((name) => [name, true])), LISTS);
  }

  /** What a client holds, as another holds it already. */
  state(held: Iterable<readonly [string, Held]>): ReadonlyMap<string, Held> {
    const state = new Map(held);
    const isEqual = (other: ReadonlyMap<string, Held>): boolean =>
      other.size === state.size && [...state].every(([name, each]) => other.get(name) === each);
    const known = this.states.map((ref) => ref.deref()).find((other) => other && isEqual(other));
    if (!known) remember(this.states, new WeakRef(state), LISTS);
    return known ?? state;
  }
}

function first(upserts: readonly XdsResource[]): ReturnType<CommonResponse['first']> {
  const held = new Map(upserts.map((resource): [string, Held] => [resource.name, resource]));
  const items = new Map(upserts.map((next) => [next.name, { next, previous: undefined }]));
  return { held, items };
}

function areSame(some: readonly XdsResource[], others: readonly XdsResource[]): boolean {
  return some.length === others.length && some.every((resource, index) => resource === others[index]);
}

function remember<T>(kept: T[], value: T, limit: number): T {
  kept.push(value);
  if (kept.length > limit) kept.shift();
  return value;
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

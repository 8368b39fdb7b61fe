import { messageToJson, type JsonObject } from '#common/proto/json';
import type { Held } from '../ads/held.js';
import { TYPE } from '../model/contract.js';

/** A resource as people read it. `content` is absent where only its version is known, after a reconnect. */
export interface DescribedResource {
  readonly name: string;
  readonly version: string;
  /** Config keys that it was made from. */
  readonly sources: readonly string[];
  /** Proto3 JSON; never of a secret. */
  readonly content?: JsonObject;
}

export function describeResource(type: string, name: string, held: Held): DescribedResource {
  const { version, value, sources = [] } = held;
  const content = value && type !== TYPE.secret && messageToJson(type.slice(type.indexOf('/') + 1), value);
  return { name, version, sources, ...(content && { content }) };
}

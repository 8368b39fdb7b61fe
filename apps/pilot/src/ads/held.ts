import type { XdsResource } from '../model/contract.js';

/**
 * What a client holds of one name. After a reconnect only the version is known: it is what the client said.
 * The empty version stands for "was told that there is no such resource".
 */
export type Held = Pick<XdsResource, 'version'> & Partial<XdsResource>;

export const ABSENT: Held = { version: '' };

/** A response on its way: what each of its names was before, and is once it is ACKed. */
export interface SentResponse {
  readonly nonce: string;
  readonly group: string;
  readonly sentAt: number;
  readonly items: ReadonlyMap<string, { readonly next: Held; readonly previous: Held | undefined }>;
}

import type { JsonObject } from '#common/proto/json';
import { MessageJsonError, messageFromJson } from '#common/proto/json';
import type { PatchTarget } from '../kinds/envoy-filter.js';
import { PATCHED_MESSAGES } from '../kinds/envoy-filter.js';

/** A patch's value as an encoded message, or what is wrong with it, by the steps to the place. */
export type PatchValue =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: string; readonly path: readonly (string | number)[] };

/** Reads a value strictly: fields and types that Envoy's API does not have are mistakes. */
export function encodePatchValue(applyTo: PatchTarget, value: unknown): PatchValue {
  try {
    return { ok: true, bytes: messageFromJson(PATCHED_MESSAGES[applyTo], (value ?? {}) as JsonObject) };
  } catch (error) {
    if (error instanceof MessageJsonError) return { ok: false, reason: error.reason, path: error.path };
    throw error;
  }
}

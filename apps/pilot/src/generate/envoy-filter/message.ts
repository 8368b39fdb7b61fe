import type { AnyFields, Fields, ListMerge } from '#common/proto/json';
import { decodeFields, encodeFields, mergeFields } from '#common/proto/json';
import type { PatchTarget } from '#config';
import { PATCHED_MESSAGES } from '#config';
import type { Patch } from '../../model/patch.js';

export type { AnyFields, Fields };

/** A fresh copy of a patch's value. */
export function valueOf(patch: Patch): Fields {
  return decodeFields(PATCHED_MESSAGES[patch.spec.applyTo], patch.value);
}

export function decodeTarget(target: PatchTarget, value: Uint8Array): Fields {
  return decodeFields(PATCHED_MESSAGES[target], value);
}

export function encodeTarget(target: PatchTarget, message: Fields): Uint8Array {
  return encodeFields(PATCHED_MESSAGES[target], message);
}

export function isMerge({ operation }: Patch): boolean {
  return operation === 'MERGE' || operation === 'MERGE_AND_REPLACE_LIST';
}

export function listMerge({ operation }: Patch): ListMerge {
  return operation === 'MERGE' ? 'append' : 'replace';
}

/** Merges a patch's value, or a part of it, into a message of its target, in place. */
export function mergeValue(patch: Patch, message: Fields, value: Fields = valueOf(patch)): void {
  mergeFields(PATCHED_MESSAGES[patch.spec.applyTo], message, value, listMerge(patch));
}

/** Members of decoded messages, as what the API says they are. */
export function listOf(message: Fields, field: string): Fields[] {
  return (message[field] ?? []) as Fields[];
}

export function textOf(message: Fields | undefined, field: string): string {
  const value = message?.[field];
  return typeof value === 'string' ? value : '';
}

export function messageOf(message: Fields | undefined, field: string): Fields | undefined {
  return (message?.[field] ?? undefined) as Fields | undefined;
}

export function anyOf(message: Fields, field: string): AnyFields | undefined {
  return (message[field] ?? undefined) as AnyFields | undefined;
}

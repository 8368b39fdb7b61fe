import type { JsonObject } from '#common/proto/json';
import { messageToJson } from '#common/proto/json';
import type { ResourceKey } from '#config';
import { PATCHED_MESSAGES } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { patchesFor } from './candidates.js';
import { isMerge, listMerge } from './message.js';

/** What an EnvoyFilter changes of a bootstrap; whoever makes the bootstrap merges it in. */
export interface BootstrapPatch {
  readonly value: JsonObject;
  /** Lists of the value take the place of those in the bootstrap instead of being appended. */
  readonly replacesLists: boolean;
  readonly source: ResourceKey;
}

/** Those that concern a proxy, in the order in which they are to be merged: the mesh's before its namespace's. */
export function bootstrapPatches(view: WorldView, proxy: Proxy): BootstrapPatch[] {
  return patchesFor(view, proxy, 'bootstrap', isMerge).map((patch) => ({
    value: messageToJson(PATCHED_MESSAGES.BOOTSTRAP, patch.value),
    replacesLists: listMerge(patch) === 'replace',
    source: patch.filter.key,
  }));
}

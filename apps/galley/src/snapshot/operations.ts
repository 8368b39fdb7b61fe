import type { Operation, Proposal, StoredResource } from '#common/config-log';
import type { ResourceKey } from '#config';
import { accepted } from './snapshot.js';
import type { Snapshot } from './snapshot.js';

/** What brings a state, for these keys, to what the snapshot holds, and which of them an invalid document holds back. */
export function proposalFor(
  snapshot: Snapshot,
  keys: Iterable<ResourceKey>,
  state: ReadonlyMap<ResourceKey, StoredResource>,
): Proposal {
  const operations: Operation[] = [];
  const heldBack: { key: ResourceKey; code: string; message: string }[] = [];
  for (const key of [...keys].sort()) {
    const claim = accepted(snapshot, key);
    const operation = difference(key, state.get(key), claim);
    if (operation) operations.push(operation);
    if (claim?.heldBack) heldBack.push({ key, ...claim.heldBack });
  }
  return { operations, heldBack };
}

function difference(
  key: ResourceKey,
  before: StoredResource | undefined,
  after: StoredResource | undefined,
): Operation | undefined {
  if (!after) return before && { op: 'delete', key };
  const { content, origin } = after;
  if (before?.content !== content) return { op: 'put', key, content, origin };
  const moved = before.origin.file !== origin.file || before.origin.line !== origin.line;
  return moved ? { op: 'origin', key, origin } : undefined;
}

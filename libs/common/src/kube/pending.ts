import type { ObjectKey } from './objects.js';

/** What became of an object: the last word only. */
export type ObjectChange<T> =
  | { readonly op: 'put'; readonly key: ObjectKey; readonly object: T }
  | { readonly op: 'delete'; readonly key: ObjectKey };

/**
 * Changes that nobody has fetched yet, at most one per object: of several, the last stays, at the end. So what waits
 * is never more than the collection, and the order per object holds.
 */
export class Pending<T> {
  private changes = new Map<ObjectKey, ObjectChange<T>>();

  get size(): number {
    return this.changes.size;
  }

  add(change: ObjectChange<T>): void {
    this.changes.delete(change.key);
    this.changes.set(change.key, change);
  }

  /** All of them, oldest first; none is left. */
  take(): ObjectChange<T>[] {
    const taken = [...this.changes.values()];
    this.changes = new Map();
    return taken;
  }
}

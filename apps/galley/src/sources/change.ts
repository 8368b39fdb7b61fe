import type { ClusterObject } from '#config';
import type { SeenStatus } from '../status/seen.js';

/** What a source says about one of its units (snapshot/units.ts). A file's path is relative to its root, with `/`. */
export type FileChange =
  /**
   * The file has this text. `whole` is false where it may still be being written: whoever put it there did not do so
   * by rename, and it was not still for long.
   */
  | { readonly kind: 'text'; readonly path: string; readonly text: string; readonly whole: boolean }
  /** The file stayed as it is for long enough: the text that was reported last is all of it. */
  | { readonly kind: 'still'; readonly path: string }
  /** There is no such file any more. */
  | { readonly kind: 'gone'; readonly path: string }
  /** The file is there and cannot be read. */
  | { readonly kind: 'failed'; readonly path: string; readonly message: string }
  /** An object of a cluster is this now, whole. `file` stands for the cluster in its origin. */
  | {
      readonly kind: 'object';
      readonly path: string;
      readonly file: string;
      readonly object: ClusterObject;
      readonly resourceVersion: string;
      readonly about: ObjectState;
    };

/** What the API server keeps of an object beside its content. */
export interface ObjectState {
  readonly uid: string;
  readonly generation: number;
  readonly status: SeenStatus;
}

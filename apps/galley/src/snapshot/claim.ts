import type { FileReading, Origin, ResourceKey } from '#config';

/** What one file says about a key: the content it has, or had when it was last good. */
export interface Claim {
  /** Canonical JSON of the resource. */
  readonly content: string;
  readonly origin: Origin;
  /** Why this is an older version than the file's. */
  readonly heldBack?: { readonly code: string; readonly message: string };
}

export type Claims = ReadonlyMap<ResourceKey, Claim>;

/** What is known when a file is read. */
export interface FileHistory {
  /** What it claimed before. */
  readonly claims: Claims;
  /** Its last complete reading since the start. */
  readonly settled?: FileReading;
  /** True where a piece of it was seen since then: the file is being written bit by bit. */
  readonly growing: boolean;
  /** The accepted version of a resource, whichever file it came from. */
  readonly lastGood: (key: ResourceKey) => Claim | undefined;
}

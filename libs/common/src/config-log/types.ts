import type { Origin, ResourceKey } from '#config';

/** One step of a commit. `origin` moves a resource to another line or file: its content, and the state hash, stay. */
export type Operation =
  | { readonly op: 'put'; readonly key: ResourceKey; readonly content: string; readonly origin: Origin }
  | { readonly op: 'delete'; readonly key: ResourceKey }
  | { readonly op: 'origin'; readonly key: ResourceKey; readonly origin: Origin };

/** A resource as a state holds it. `content` is canonical JSON (see encodeContent in #config). */
export interface StoredResource {
  readonly content: string;
  readonly origin: Origin;
}

/** A change that is applied whole or not at all. */
export interface Commit {
  /** UUIDv7; the larger wins. */
  readonly epoch: string;
  /** Monotone within an epoch and over epochs. */
  readonly revision: number;
  /** The revision that this one follows. */
  readonly previous: number;
  readonly operations: readonly Operation[];
  /** Hash over the whole state after this commit: a sum over sha256(key | content), 64 hex digits. */
  readonly stateHash: string;
  /** Keys that an invalid document kept at their last good version, with the reason. */
  readonly heldBack: readonly {
    readonly key: ResourceKey;
    readonly code: string;
    readonly message: string;
  }[];
  /** RFC 3339, the writer's clock when it accepted the commit. */
  readonly time: string;
  /** RFC 3339, by the same clock: when a source first told of what is in it. Absent where nobody knows. */
  readonly heard?: string;
}

/** The whole config at one revision. */
export interface ConfigState {
  readonly epoch: string;
  readonly revision: number;
  readonly stateHash: string;
  readonly resources: ReadonlyMap<ResourceKey, StoredResource>;
}

/** What a reader hands on: a commit that follows what it had, or a state that replaces it. */
export type ConfigChange =
  | { readonly kind: 'commit'; readonly commit: Commit }
  | { readonly kind: 'reset'; readonly state: ConfigState; readonly stale: boolean };

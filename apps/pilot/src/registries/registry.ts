import type { RegistryChange, RegistryId } from '../model/registry.js';

/**
 * The pure part of a platform's adapter, an immutable value: it takes in what became of the platform's own objects and
 * says what this means for services and workloads. Each adapter is a folder here; what connects it to its platform is
 * in ingest/. All of them keep to testing/registry-contract.ts.
 *
 * An adapter names what changed and nothing else, keeps endpoints that did not change as the objects they were, and
 * comes to the same in whatever order and grouping it hears of things.
 */
export interface Registry<Edit> {
  readonly id: RegistryId;
  /** Costs what the edits touch. */
  apply(edits: readonly Edit[]): { readonly registry: Registry<Edit>; readonly change: RegistryChange };
}

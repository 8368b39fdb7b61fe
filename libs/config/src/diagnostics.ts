import type { Origin, ResourceKey } from './resource.js';

export type Level = 'Error' | 'Warning' | 'Info';

/**
 * What is wrong with a user's config: data, never a throw. Codes are Istio's where Istio has one (IST0101 a
 * reference that leads nowhere, IST0106 schema validation, ...), else `QTnnnn`.
 *
 * @see https://istio.io/latest/docs/reference/config/analysis/
 */
export interface Diagnostic {
  readonly code: string;
  readonly level: Level;
  readonly message: string;
  /** Path inside the resource, `spec.http[0].route[1].weight`; empty where the whole document is meant. */
  readonly path: string;
  readonly origin: Origin;
  /** Absent where the document could not be read far enough to name its resource. */
  readonly resource?: ResourceKey;
}

/** Whom to trust in this mesh. */
export interface TrustBundle {
  /** PEM certificates. */
  readonly roots: string;
  readonly trustDomain: string;
}

export const TRUST_BUNDLE = Symbol('TrustBundle');

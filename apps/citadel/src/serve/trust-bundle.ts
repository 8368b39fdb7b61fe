/** The trust bundle that Citadel answers with, for injection. */
export const TRUST_BUNDLE = Symbol('TrustBundle');

import type { TrustBundle } from '#common/trust-bundle';

/** The {@link TrustBundleNow} that Citadel answers with, for injection. */
export const TRUST_BUNDLE = Symbol('TrustBundle');

/** The trust bundle at this moment: the authority may be replaced while Citadel runs. */
export type TrustBundleNow = () => TrustBundle;

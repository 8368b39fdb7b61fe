import { Refusal } from '../refusal.js';

/** For clocks that lag behind Citadel's. */
export const CLOCK_SKEW_MS = 120_000;

export interface LifetimePolicy {
  /** Milliseconds: of a certificate whose request names none, and the most that a request may name. */
  readonly defaultTtl: number;
  readonly maxTtl: number;
}

/** Milliseconds since the Unix epoch. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * The validity of a certificate that is asked for `seconds` (0 or less: the default). It ends with its issuer at the
 * latest. Throws a {@link Refusal} above the maximum.
 */
export function leafValidity(
  seconds: number,
  policy: LifetimePolicy,
  issuerNotAfter: number,
  now: number,
): Validity {
  const ttl = seconds > 0 ? seconds * 1000 : policy.defaultTtl;
  if (!(ttl <= policy.maxTtl)) {
    throw new Refusal(
      'invalid-argument',
      `a lifetime of ${seconds} s is above the maximum of ${policy.maxTtl / 1000} s`,
    );
  }
  return { notBefore: now - CLOCK_SKEW_MS, notAfter: Math.min(now + ttl, issuerNotAfter) };
}

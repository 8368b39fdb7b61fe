const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

/** A validity as its holder sees it. Certificates are backdated for clocks that lag, so `notBefore` will not do. */
export interface Lifetime {
  /** When it was obtained, and when it ends: milliseconds since the Unix epoch. */
  readonly obtainedAt: number;
  readonly notAfter: number;
}

/**
 * When to renew: at half life, give or take 5 % of the life, so that what started together does not renew together.
 * `random` is in [0, 1).
 */
export function renewalTime({ obtainedAt, notAfter }: Lifetime, random: number): number {
  return obtainedAt + (notAfter - obtainedAt) * (0.45 + 0.1 * random);
}

/** How long to wait after the n-th failure in a row (from 1): twice as long each time, up to 30 s, with jitter. */
export function retryDelay(failures: number, random: number): number {
  const full = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16));
  return full * (0.5 + 0.5 * random);
}

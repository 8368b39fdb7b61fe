import type { FractionalPercent } from './envoy-config.js';

const DENOMINATOR = { HUNDRED: 1, TEN_THOUSAND: 100, MILLION: 10_000 };

/** Out of a hundred. */
export function percentOf(fraction: FractionalPercent | undefined): number {
  if (!fraction) return 100;
  return (fraction.numerator ?? 0) / DENOMINATOR[fraction.denominator ?? 'HUNDRED'];
}

/** Milliseconds of `1.5s`. */
export function millisecondsOf(duration: string): number {
  return Number(duration.slice(0, -1)) * 1000;
}

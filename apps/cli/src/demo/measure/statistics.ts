/** The smallest value that at least `share` (0..1) of the values do not exceed; NaN where there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * The counts that a fair process with probability `p` stays within, `sigmas` standard deviations around n * p. With
 * the default of 4 a fair process is called unfair once in 15,000 times.
 */
export function binomialBounds(n: number, p: number, sigmas = 4): { low: number; high: number } {
  const spread = sigmas * Math.sqrt(n * p * (1 - p));
  return { low: Math.max(0, Math.floor(n * p - spread)), high: Math.min(n, Math.ceil(n * p + spread)) };
}

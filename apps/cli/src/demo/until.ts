import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** What is being waited for, in words. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly intervalMs?: number;
}

/**
 * Tries until the result is neither false nor undefined, and returns it. What a try throws counts as "not yet".
 *
 * @throws after the timeout, with the last error.
 */
export async function until<T>(
  attempt: () => T | Promise<T>,
  { what, timeoutMs, intervalMs = 20 }: UntilOptions,
): Promise<Exclude<Awaited<T>, false | undefined>> {
  const deadline = performance.now() + timeoutMs;
  let problem = '';
  for (;;) {
    try {
      const value = await attempt();
      if (value !== false && value !== undefined) return value as Exclude<Awaited<T>, false | undefined>;
      problem = '';
    } catch (error) {
      problem = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() >= deadline) throw new Error(`gave up waiting for ${what}${problem}`);
    await sleep(intervalMs);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { logTails } from './process.js';

export interface UntilOptions {
  /** What is being waited for, in words: the first line of the error. */
  readonly what?: string;
  /** Milliseconds; default 20,000. */
  readonly timeout?: number;
  /** Milliseconds between two tries; default 20. */
  readonly interval?: number;
}

/** Thrown by a try that can never succeed any more, such as one on a process that ended. */
export class Hopeless extends Error {}

/**
 * Tries until the result is truthy, and returns it. What a try throws counts as "not yet",
 * save a {@link Hopeless}.
 *
 * @throws after the timeout, with the last error and the last lines of every running process.
 */
export async function until<T>(
  attempt: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<Awaited<T>, false | 0 | '' | null | undefined>> {
  const deadline = Date.now() + (options.timeout ?? 20_000);
  let lastError: unknown;
  for (;;) {
    try {
      const value = await attempt();
      if (value) return value as Exclude<Awaited<T>, false | 0 | '' | null | undefined>;
      lastError = undefined;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      lastError = error;
    }
    if (Date.now() >= deadline) break;
    await sleep(options.interval ?? 20);
  }
  throw new Error(`gave up waiting for ${options.what ?? 'a condition'}${because(lastError)}\n${logTails()}`);
}

function because(error: unknown): string {
  if (error === undefined) return '';
  return `: ${error instanceof Error ? error.message : String(error)}`;
}

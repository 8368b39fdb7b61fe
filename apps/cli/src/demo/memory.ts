import { descendants, listProcesses, proportionalMemory } from './measure/processes.js';

export interface Memory {
  readonly processes: number;
  /** Bytes: the sum over all processes, shared pages counted in each. */
  readonly rss: number;
  /** Bytes: shared pages counted once. */
  readonly proportional: number;
}

/** The memory of these processes and all that they started. */
export async function memoryOf(roots: readonly number[]): Promise<Memory> {
  const all = descendants(await listProcesses(), roots).filter(({ command }) => !command.startsWith('ps '));
  const shares = await Promise.all(all.map(proportionalMemory));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return { processes: all.length, rss: sum(all.map(({ rss }) => rss)), proportional: sum(shares) };
}

/** `31 processes, 812 MB (1,430 MB with what they share counted in each)` */
export function describeMemory({ processes, rss, proportional }: Memory): string {
  const megabytes = (bytes: number): string => `${Math.round(bytes / (1 << 20)).toLocaleString('en')} MB`;
  return `${processes} processes, ${megabytes(proportional)} (${megabytes(rss)} with what they share counted in each)`;
}

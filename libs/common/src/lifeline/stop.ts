import type { ChildProcess } from 'node:child_process';

/** How a process ended: by an exit code or by a signal. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/** The exit code by which a shell would report this end: 128 + n for a signal. */
export function exitCodeOf({ code, signal }: ProcessEnd): number {
  if (signal === null) return code ?? 1;
  return 128 + (SIGNAL_NUMBERS[signal] ?? 0);
}

/** Resolves when the process has ended, at once if it has already. A process that could not be started counts as 127. */
export function endOf(child: ChildProcess): Promise<ProcessEnd> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  }
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
}

/** Asks with SIGTERM, insists with SIGKILL after `graceMs`, and resolves once the process is gone. */
export async function stopProcess(child: ChildProcess, graceMs: number): Promise<ProcessEnd> {
  const ended = endOf(child);
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), graceMs);
  try {
    return await ended;
  } finally {
    clearTimeout(insist);
  }
}

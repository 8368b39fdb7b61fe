import type { ChildProcess, StdioOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';

export interface SpawnOptions {
  /** Name in logs; by default the program's. */
  readonly name?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Opens an IPC channel, whose messages arrive on `child`. */
  readonly ipc?: boolean;
}

/** A child in a process group of its own. */
export interface SpawnedProcess {
  readonly name: string;
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything it wrote so far (the newest 2 MB), stdout and stderr interleaved. */
  readonly logs: () => string;
  /** What it wrote on stdout alone. */
  readonly stdout: () => string;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  running(): boolean;
  /** Sends SIGTERM, after `graceMs` SIGKILL, to the whole group; resolves when the child is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL to the whole group at once. */
  kill(): Promise<void>;
}

const MAX_LOG = 2 << 20;
const live = new Set<SpawnedProcess>();

/**
 * Starts a program whose end is certain: by `stop()`, at the end of the test file, or, where this process is killed,
 * by a guard that notices that its pipe is closed.
 */
export function spawnProcess(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): SpawnedProcess {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(options.ipc ? (['ipc'] as const) : [])];
  const { env, cwd } = options;
  const child = spawn(command, [...args], { stdio, env, cwd, detached: true });
  const pid = child.pid ?? 0;
  const guard = pid === 0 ? undefined : guardGroup(pid);
  const record = recordOutput(child);
  const exited = whenExited(child);
  const spawned: SpawnedProcess = {
    name: options.name ?? basename(command),
    child,
    pid,
    ...record,
    exited,
    running: () => child.exitCode === null && child.signalCode === null && pid !== 0,
    // Who does not end in order is for a test to tell, not for a clock: a busy machine takes its time.
    stop: (graceMs = 20_000) => stopGroup(spawned, graceMs),
    kill: () => stopGroup(spawned, 0),
  };
  live.add(spawned);
  void exited.then(() => {
    killGroup(pid, 'SIGKILL');
    guard?.stdin?.end('over\n');
    live.delete(spawned);
  });
  return spawned;
}

function recordOutput(child: ChildProcess): { logs: () => string; stdout: () => string } {
  let all = '';
  let out = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    all = (all + text).slice(-MAX_LOG);
    out = (out + text).slice(-MAX_LOG);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (all = (all + text).slice(-MAX_LOG)));
  child.on('error', (error) => (all += `${error.message}\n`));
  return { logs: () => all, stdout: () => out };
}

async function whenExited(
  child: ChildProcess,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  await Promise.race([once(child, 'exit'), new Promise((resolve) => child.once('error', resolve))]);
  return { code: child.exitCode, signal: child.signalCode };
}

/** Kills the group when our end of its pipe closes without a word, as it does when we are killed. */
export function guardGroup(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _ || kill -s KILL -- "-$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.stdin?.on('error', () => undefined);
  guard.unref();
  return guard;
}

async function stopGroup(spawned: SpawnedProcess, graceMs: number): Promise<void> {
  if (!spawned.running()) return;
  const timer = setTimeout(() => killGroup(spawned.pid, 'SIGKILL'), graceMs);
  if (graceMs > 0) killGroup(spawned.pid, 'SIGTERM');
  await spawned.exited;
  clearTimeout(timer);
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid !== 0) process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The last lines of everything that is running: what one wants to see when a test fails. */
export function logTails(lines = 15): string {
  return [...live]
    .map(
      ({ name, pid, logs }) =>
        `--- ${name} (${pid})\n${logs().trimEnd().split('\n').slice(-lines).join('\n')}`,
    )
    .join('\n');
}

/** Ends everything that is still running, the newest first. */
export async function stopAll(): Promise<void> {
  for (const spawned of [...live].reverse()) await spawned.stop(2_000);
}

process.on('exit', () => {
  for (const { pid } of live) killGroup(pid, 'SIGKILL');
});

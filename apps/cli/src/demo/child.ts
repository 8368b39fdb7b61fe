import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  readonly name: string;
  /** Arguments of node: flags, the program, its arguments. */
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** File that stderr is appended to. */
  readonly log: string;
}

/** A Node process of the demo, in a group of its own, that ends when its IPC channel to the demo closes. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<void>;
  running(): boolean;
  /** The first line of stdout that is JSON with this key. Rejects where the child ends without it. */
  json<T>(key: string, timeoutMs: number): Promise<T>;
  /** Calls back with every later JSON line of stdout. */
  onJson(listener: (value: Record<string, unknown>) => void): void;
  /** SIGTERM, and SIGKILL to the group where that does not help in time. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL to the group. */
  kill(): Promise<void>;
  tail(lines?: number): string;
}

export function startChild(options: ChildOptions): Child {
  const log = openSync(options.log, 'a');
  const { env = process.env } = options;
  const child = spawn(process.execPath, options.args, {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', log, 'ipc'],
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  );
  const listeners = new Set<(value: Record<string, unknown>) => void>();
  readJsonLines(child, listeners);
  const running = (): boolean =>
    child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  const end = async (signal: NodeJS.Signals, graceMs: number): Promise<void> => {
    if (!running()) return;
    signalGroup(child, signal);
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  };
  const self: Child = {
    name: options.name,
    pid: child.pid ?? 0,
    exited,
    running,
    json: (key, timeoutMs) => waitForJson(self, key, timeoutMs),
    onJson: (listener) => void listeners.add(listener),
    stop: (graceMs = 12_000) => end('SIGTERM', graceMs),
    kill: () => end('SIGKILL', 1_000),
    tail: (lines = 15) => readFileSync(options.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
  };
  return self;
}

function readJsonLines(
  child: ChildProcess,
  listeners: ReadonlySet<(value: Record<string, unknown>) => void>,
): void {
  if (!child.stdout) return;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    try {
      const value = JSON.parse(line) as Record<string, unknown>;
      for (const listener of listeners) listener(value);
    } catch {
      // An application may print what it likes.
    }
  });
}

function waitForJson<T>(child: Child, key: string, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${child.name} ${why}\n${child.tail()}`));
    const timer = setTimeout(() => fail(`is not ready after ${timeoutMs / 1000} s`), timeoutMs);
    void child.exited.then(() => fail('ended before it was ready'));
    child.onJson((value) => {
      if (!(key in value)) return;
      clearTimeout(timer);
      resolve(value as T);
    });
    void child.exited.then(() => clearTimeout(timer));
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

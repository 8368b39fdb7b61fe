import type { ChildProcess } from 'node:child_process';

/** A process to keep running. */
export interface Task {
  readonly name: string;
  /** Starts the process in a group of its own. */
  readonly start: () => ChildProcess | Promise<ChildProcess>;
  /** Resolves when the process can serve; rejects where it ended instead. */
  readonly ready: (child: ChildProcess) => Promise<void>;
}

export interface SupervisorEvents {
  readonly restarted: (name: string, pid: number) => void;
  /** It ended by itself, or did not when it was told to. */
  readonly failed: (name: string, reason: string) => void;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** A process that ran this long is healthy again: its next restart comes at once. */
const HEALTHY_AFTER_MS = 10_000;
const STOP_LIMIT_MS = 10_000;

/** Keeps one process running: restarts it with a growing delay, ends it in order and, after a limit, at once. */
export class Supervised {
  private child: ChildProcess | undefined;
  private delay = 0;
  private stopping = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly task: Task,
    private readonly events: SupervisorEvents,
  ) {}

  get pid(): number | undefined {
    return this.child?.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  /** Starts the process for the first time. A failure here is the caller's to report: nothing is retried. */
  async start(): Promise<void> {
    await this.launch();
  }

  /** SIGTERM, then SIGKILL to the whole group after 10 s. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    const child = this.child;
    if (!child || this.pid === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    signalGroup(child, 'SIGTERM');
    const limit = setTimeout(() => this.insist(child), STOP_LIMIT_MS);
    await gone;
    clearTimeout(limit);
  }

  private insist(child: ChildProcess): void {
    this.events.failed(this.task.name, `killed, ${STOP_LIMIT_MS / 1_000} s after it was told to end`);
    signalGroup(child, 'SIGKILL');
  }

  private async launch(): Promise<void> {
    const started = Date.now();
    this.child = undefined;
    const child = await this.task.start();
    this.child = child;
    child.once('exit', (code, signal) => this.onExit(started, signal ?? `exit code ${code}`));
    await this.task.ready(child);
  }

  private onExit(started: number, reason: string): void {
    if (this.stopping) return;
    this.events.failed(this.task.name, reason);
    this.delay = Date.now() - started > HEALTHY_AFTER_MS ? 0 : this.delay;
    this.timer = setTimeout(() => void this.restart(), this.delay);
    this.delay = Math.min(LONGEST_DELAY_MS, Math.max(FIRST_DELAY_MS, this.delay * 2));
  }

  private async restart(): Promise<void> {
    if (this.stopping) return;
    try {
      await this.launch();
      this.events.restarted(this.task.name, this.child?.pid ?? 0);
    } catch (error) {
      if (!this.child) this.onExit(Date.now(), (error as Error).message);
      // A process that came up but never got ready is ended; its exit brings the next attempt.
      else if (this.pid !== undefined) signalGroup(this.child, 'SIGKILL');
    }
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

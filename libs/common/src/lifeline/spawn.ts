import { spawn, type ChildProcess } from 'node:child_process';

export interface LifelineOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What becomes of stdout and stderr; `inherit` by default. stdin is /dev/null. */
  readonly stdout?: 'inherit' | 'ignore' | 'pipe' | number;
  readonly stderr?: 'inherit' | 'ignore' | 'pipe' | number;
  /** Whole seconds from SIGTERM to SIGKILL once this process is gone; 2 by default. */
  readonly graceSeconds?: number;
}

/** The child's end of the lifeline. Two would do, but 0 to 2 are taken. */
const LIFELINE_FD = 3;

/**
 * Starts the command in its place, so that the pid, the exit code and the signals that Node sees are the command's own,
 * and leaves a watcher behind: a shell of 1 MB in the same process group, blocked on a pipe whose other end only this
 * process holds. However this process ends, the kernel closes that end, and the watcher ends the group. The
 * double fork keeps the watcher out of the command's children, which it may want to wait for.
 */
const SCRIPT = `
grace=$1; shift
(
  {
    trap '' TERM INT HUP
    read -r _ <&${LIFELINE_FD}
    kill -TERM -$$
    while [ "$grace" -gt 0 ] && kill -0 $$; do sleep 1; grace=$((grace - 1)); done
    kill -KILL -$$
  } </dev/null >/dev/null 2>&1 &
)
exec "$@" ${LIFELINE_FD}<&-
`;

/**
 * Spawns a command that does not outlive this process, not even when this process is killed with SIGKILL: its
 * whole process group gets SIGTERM, and SIGKILL `graceSeconds` later. The group also ends when the command itself
 * does, so that nothing that it started is left. A command that cannot be executed exits with 126 or 127.
 */
export function spawnWithLifeline(
  command: string,
  args: readonly string[],
  options: LifelineOptions = {},
): ChildProcess {
  const { cwd, env, stdout = 'inherit', stderr = 'inherit', graceSeconds = 2 } = options;
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'lifeline', String(graceSeconds), command, ...args], {
    cwd,
    env: env ?? process.env,
    detached: true,
    stdio: ['ignore', stdout, stderr, 'pipe'],
  });
  const lifeline = child.stdio[LIFELINE_FD];
  // A pipe that breaks because the child is gone is what `exit` reports already.
  lifeline?.on('error', () => undefined);
  child.once('exit', () => lifeline?.destroy());
  return child;
}

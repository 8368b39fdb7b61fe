import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type ServiceName = 'galley' | 'pilot' | 'citadel' | 'mixer';

/** A service must be ready within this time of its start. */
const READY_LIMIT_MS = 30_000;

/**
 * Heap limits that fit a laptop: a small young generation costs some collector time and saves tens of megabytes per
 * process. A service in a cluster runs without them.
 */
const NODE_FLAGS = ['--max-semi-space-size=2', '--enable-source-maps'];

/** Starts a service in a group of its own. It ends when the IPC channel to this process closes. */
export function forkService(name: ServiceName, args: readonly string[]): ChildProcess {
  const main = fileURLToPath(new URL(`../../../${name}/src/main.js`, import.meta.url));
  return fork(main, [...args], {
    detached: true,
    execArgv: NODE_FLAGS,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** Resolves with the addresses that the service announces; rejects when it exits first or takes too long. */
export function serviceReady(name: string, child: ChildProcess): Promise<Readonly<Record<string, string>>> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new Error(`${name} was not ready within ${READY_LIMIT_MS} ms`)),
      READY_LIMIT_MS,
    );
    child.once('exit', (code, signal) => {
      clearTimeout(limit);
      reject(new Error(`${name} ended before it was ready (${signal ?? `exit code ${code}`})`));
    });
    child.on('message', (message: unknown) => {
      const ready = message as { type?: string; addresses?: Record<string, string> };
      if (ready?.type !== 'ready') return;
      clearTimeout(limit);
      resolve(ready.addresses ?? {});
    });
  });
}

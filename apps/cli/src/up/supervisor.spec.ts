import { spawn } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { Supervised, type Task } from './supervisor.js';

const sleeper = (name: string): Task => ({
  name,
  start: () =>
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' }),
  ready: () => Promise.resolve(),
});

describe('Supervised', () => {
  it('restarts a killed process and names its new pid', async () => {
    const restarts: [string, number][] = [];
    let restarted = () => {};
    const again = new Promise<void>((resolve) => (restarted = resolve));
    const supervised = new Supervised(sleeper('nats'), {
      restarted: (name, pid) => {
        restarts.push([name, pid]);
        restarted();
      },
      failed: () => {},
    });
    await supervised.start();
    const first = supervised.pid as number;
    process.kill(first, 'SIGKILL');
    await again;
    expect(restarts).toEqual([['nats', supervised.pid]]);
    expect(supervised.pid).not.toBe(first);
    await supervised.stop();
    expect(supervised.pid).toBeUndefined();
  });

  it('tries again where the process cannot be started, and ends where it is told to', async () => {
    const failures: string[] = [];
    let attempts = 0;
    const task = sleeper('pilot');
    const flaky: Task = {
      ...task,
      start: () => {
        attempts += 1;
        if (attempts === 2) throw new Error('no token');
        return task.start();
      },
    };
    let restarted = () => {};
    const again = new Promise<void>((resolve) => (restarted = resolve));
    const supervised = new Supervised(flaky, {
      restarted: () => restarted(),
      failed: (_, reason) => failures.push(reason),
    });
    await supervised.start();
    process.kill(supervised.pid as number, 'SIGKILL');
    await again;
    expect(failures).toEqual(['SIGKILL', 'no token']);
    await supervised.stop();
  });

  it('reports a first start that fails', async () => {
    const task: Task = { ...sleeper('galley'), ready: () => Promise.reject(new Error('never ready')) };
    const supervised = new Supervised(task, { restarted: () => {}, failed: () => {} });
    await expect(supervised.start()).rejects.toThrow('never ready');
    await supervised.stop();
  });
});

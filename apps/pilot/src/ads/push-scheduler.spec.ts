import { describe, expect, it } from '@jest/globals';
import { PushScheduler } from './push-scheduler.js';

/** Somebody with so many responses to send. */
function pushable(name: string, count: number, log: string[]): { pushOne(): boolean } {
  let left = count;
  return {
    pushOne: () => {
      if (left === 0) return false;
      left--;
      log.push(name);
      return true;
    },
  };
}

describe('PushScheduler', () => {
  it('begins in the same tick, and takes turns', () => {
    const log: string[] = [];
    new PushScheduler(() => 0).schedule([
      pushable('a', 3, log),
      pushable('b', 1, log),
      pushable('c', 2, log),
    ]);
    expect(log).toEqual(['a', 'b', 'c', 'a', 'c', 'a']);
  });

  it('lets others have the event loop when its slice is over', async () => {
    const log: string[] = [];
    let clock = 0;
    const slow = (name: string, count: number) => {
      const each = pushable(name, count, log);
      return { pushOne: () => ((clock += 5), each.pushOne()) };
    };
    const scheduler = new PushScheduler(() => clock);
    scheduler.schedule([slow('a', 2), slow('b', 2)]);
    expect(log).toEqual(['a', 'b']);
    expect(scheduler.length).toBe(2);
    while (scheduler.length > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['a', 'b', 'a', 'b']);
  });

  it('says for how long each turn was waited for', async () => {
    let clock = 0;
    const waits: number[] = [];
    const slow = { pushOne: () => ((clock += 10), false) };
    const scheduler = new PushScheduler(
      () => clock,
      (waited) => waits.push(waited),
    );
    expect(scheduler.waitingSince).toBeUndefined();
    scheduler.schedule([slow, { pushOne: () => false }]);
    expect(scheduler.waitingSince).toBe(0);
    clock += 20;
    while (scheduler.length > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(waits).toEqual([0, 30]);
  });

  it('keeps one place per connection, and none for those that are gone', async () => {
    const log: string[] = [];
    let clock = 0;
    const scheduler = new PushScheduler(() => (clock += 10));
    const [a, b] = [pushable('a', 1, log), pushable('b', 5, log)];
    scheduler.schedule([a, b, b]);
    expect(scheduler.length).toBe(2);
    scheduler.remove(b);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['a']);
  });
});

import { beforeEach, expect, it } from '@jest/globals';
import { Presence } from './presence.js';

let now: number;
let presence: Presence;
let told: number;

beforeEach(() => {
  now = 0;
  presence = new Presence(() => now);
  told = 0;
  presence.onReturn(() => told++);
});

/** Asks at this time, in milliseconds. */
function ask(time: number, answered: boolean): void {
  now = time;
  if (answered) presence.answer();
  else presence.miss();
}

it('tells, once, that a server is back that did not answer for a while', () => {
  ask(1_000, false);
  ask(4_000, false);
  expect(told).toBe(0);
  ask(5_000, true);
  ask(9_000, false);
  ask(15_000, true);
  expect(told).toBe(1);
});

it('is silent about a server that nobody asked anything', () => {
  ask(100_000, true);
  expect(told).toBe(0);
});

it('takes one request that fails among others for no absence', () => {
  for (let time = 500; time < 20_000; time += 1_000) {
    ask(time, true);
    ask(time + 500, false);
  }
  expect(told).toBe(0);
});

it('does not tell who waits no more', () => {
  const other: string[] = [];
  presence.onReturn(() => other.push('gone'))();
  presence.onReturn(() => other.push('here'));
  ask(1_000, false);
  ask(5_000, true);
  expect(other).toEqual(['here']);
});

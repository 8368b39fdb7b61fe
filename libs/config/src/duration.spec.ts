import { expect, it } from '@jest/globals';
import { formatDuration, parseDuration } from './duration.js';

it.each([
  ['1.5s', 1500, '1.5s'],
  ['100ms', 100, '0.1s'],
  ['1h30m', 5_400_000, '5400s'],
  ['0', 0, '0s'],
  ['0s', 0, '0s'],
  ['-2s', -2000, '-2s'],
  ['1us', 0.001, '0.000001s'],
])('reads %s', (text, milliseconds, stored) => {
  expect(parseDuration(text)).toBeCloseTo(milliseconds, 9);
  expect(formatDuration(parseDuration(text) ?? 0)).toBe(stored);
});

it.each(['', '5', 's', '1 s', '1d', '1s2', 'soon', '1e3s', '9'.repeat(40) + 's'])('refuses %j', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

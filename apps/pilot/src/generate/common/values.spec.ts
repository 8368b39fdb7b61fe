import { expect, it } from '@jest/globals';
import { duration } from './values.js';

it.each([
  ['1.5s', { seconds: 1, nanos: 500_000_000 }],
  ['100ms', { seconds: 0, nanos: 100_000_000 }],
  ['1h30m', { seconds: 5400, nanos: 0 }],
  ['0s', { seconds: 0, nanos: 0 }],
  ['2us', { seconds: 0, nanos: 2000 }],
  ['soon', undefined],
  ['5', undefined],
  ['', undefined],
])('duration %j', (text, expected) => expect(duration(text)).toEqual(expected));

import { expect, it } from '@jest/globals';
import { ENFORCEMENT } from '#config';
import { nameOf } from './proof.js';
import { PROVEN } from './rows.js';

it('every row of docs/enforcement.md is proven', () => {
  expect([...PROVEN].sort()).toEqual(ENFORCEMENT.map(nameOf).sort());
});

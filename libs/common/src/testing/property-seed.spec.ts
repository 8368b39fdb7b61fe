import { expect, it } from '@jest/globals';
import fc from 'fast-check';

it('property tests draw the same values in every run, or those of QUARTET_SEED', () => {
  expect(fc.readConfigureGlobal().seed).toBe(Number(process.env['QUARTET_SEED'] ?? 1));
  const draw = () => fc.sample(fc.nat(), 5);
  expect(draw()).toEqual(draw());
});

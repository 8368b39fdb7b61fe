import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Place } from '#config';
import { until } from '#common/testing';
import { MODE_HOST, MODE_PROOFS, modes } from './modes.js';
import type { Trio } from './trio.js';
import { startTrio } from './trio.js';

describe('rules that say themselves where they are enforced', () => {
  let trio: Trio;
  beforeAll(async () => {
    trio = await startTrio(modes);
    for (const by of ['caller', 'gateway'] as const)
      expect((await trio.call(by, { authority: MODE_HOST })).status).toBe(200);
  }, 60_000);

  it.each(MODE_PROOFS.map((proof) => [`${proof.row}: ${proof.says}`, proof] as const))(
    '%s',
    async (_name, { stat, logged, places }) => {
      const acted = async (): Promise<Place[]> =>
        (stat === undefined ? trio.logged(logged ?? '') : await trio.acted(stat)).sort();
      await until(async () => (await acted()).length >= places.length, { what: places.join(' and ') });
      expect(await acted()).toEqual([...places].sort());
    },
    30_000,
  );
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Dice } from '../support/dice.js';
import { editUnderLoad, type EditSample } from './support/edit-run.js';
import { Fleet } from './support/fleet.js';
import { planProxies } from './support/proxy.js';

/** `QUARTET_SEED=7 QUARTET_EDITS=500` looks for other histories; the bench runs the long one. */
const seed = Number(process.env['QUARTET_SEED'] ?? 1);
const edits = Number(process.env['QUARTET_EDITS'] ?? 120);
const TIMEOUT = 60_000 + 500 * edits;

describe('edits under constant load, on real Envoys', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    const proxies = await planProxies(['vhds', 'delta', 'sotw'], ['vhds']);
    fleet = await Fleet.start({ proxies, replicas: 1 });
  }, TIMEOUT);

  afterAll(() => fleet?.stop(), TIMEOUT);

  it(
    'of routes, clusters, endpoints and listeners fail no request, and each takes effect',
    async () => {
      const { samples, load } = await editUnderLoad(fleet, { edits, rate: 100, dice: new Dice(seed) });
      expect(load.failures).toEqual([]);
      expect(load.failed).toBe(0);
      expect(load.sent).toBeGreaterThan(edits);
      const kinds = new Set(samples.map(({ what }: EditSample) => what));
      expect([...kinds].sort()).toEqual(['cluster', 'endpoint', 'listener', 'route', 'service']);
    },
    TIMEOUT,
  );
});

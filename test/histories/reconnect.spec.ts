import { afterEach, describe, expect, it } from '@jest/globals';
import { Dice } from '../support/dice.js';
import { Fleet } from './support/fleet.js';
import { differencesFromFresh, liveThrough, STEPS, type Step } from './support/history.js';
import { ConstantLoad } from './support/load.js';
import { planProxies, type Variant } from './support/proxy.js';

/** `QUARTET_SEED=7 QUARTET_STEPS=300` looks for other histories. */
const seed = Number(process.env['QUARTET_SEED'] ?? 1);
const length = Number(process.env['QUARTET_STEPS'] ?? 40);
const TIMEOUT = 120_000 + 2_000 * length;
/** Requests per second: enough to hit every gap, and few enough for a machine that runs other tests beside. */
const RATE = 100;

interface Lived {
  readonly sidecars: readonly Variant[];
  readonly gateways: readonly Variant[];
  readonly replicas: number;
  readonly steps: readonly Step[];
  /** The proxies of whom no request may fail. */
  readonly called: readonly Variant[];
}

describe('proxies that live through edits, restarts and reconnects', () => {
  let fleet: Fleet;

  afterEach(() => fleet?.stop(), TIMEOUT);

  it.each<[string, Lived]>([
    [
      'delta, over all that may happen; state of the world beside it',
      {
        sidecars: ['vhds', 'delta', 'sotw'],
        gateways: ['vhds', 'sotw'],
        replicas: 2,
        steps: STEPS,
        called: ['vhds', 'delta'],
      },
    ],
    [
      // It does not say what it holds: a Pilot that was not there when a cluster went cannot know that its routes still
      // lead there. The Pilot that was there does.
      'state of the world, over reconnects to the same Pilot',
      {
        sidecars: ['sotw', 'sotw'],
        gateways: ['sotw'],
        replicas: 1,
        steps: ['edit', 'storm', 'settle', 'reconnect', 'away'],
        called: ['sotw'],
      },
    ],
  ])(
    'fail no request, and hold what a fresh proxy does (%s)',
    async (_what, { sidecars, gateways, replicas, steps, called }) => {
      fleet = await Fleet.start({ proxies: await planProxies(sidecars, gateways), replicas });
      const proxies = fleet.proxies.filter(({ plan }) => called.includes(plan.variant));
      const load = new ConstantLoad(proxies, new Dice(seed), RATE);
      const live = () => liveThrough(fleet, new Dice(seed), length, steps);
      const { failed, failures, sent } = await load.during(live);
      expect(failures).toEqual([]);
      expect(failed).toBe(0);
      expect(sent).toBeGreaterThan(length);
      for (const proxy of fleet.proxies) {
        const { name, variant } = proxy.plan;
        const differences = await differencesFromFresh(proxy);
        expect({ name, variant, differences }).toEqual({ name, variant, differences: [] });
      }
    },
    TIMEOUT,
  );
});

import type { RunningEnvoy } from '#common/testing';
import { until } from '#common/testing';
import { dumpDifferences, dumpOf } from '../../../apps/cli/src/demo/tour/envoy-dump.js';
import type { PilotReplica } from '../../support/pilot.js';
import type { Dice } from '../../support/dice.js';
import { randomEdit } from './edits.js';
import type { Fleet } from './fleet.js';
import type { MeshProxy } from './proxy.js';

/** What happens in a history, by name. */
export const STEPS = ['edit', 'storm', 'settle', 'reconnect', 'move', 'away', 'kill'] as const;
export type Step = (typeof STEPS)[number];

const WEIGHTS: readonly (readonly [number, Step])[] = [
  [6, 'edit'],
  [2, 'storm'],
  [2, 'settle'],
  [2, 'reconnect'],
  [2, 'move'],
  [3, 'away'],
  [1, 'kill'],
];

/** Lives through `length` steps of a kind by chance; resolves when every proxy holds what the last one left. */
export async function liveThrough(
  fleet: Fleet,
  dice: Dice,
  length: number,
  kinds: readonly Step[] = STEPS,
): Promise<Step[]> {
  const weights = WEIGHTS.filter(([, step]) => kinds.includes(step));
  const steps = Array.from({ length }, () => dice.weighted(weights));
  let revision = 0;
  for (const step of steps) revision = Math.max(revision, await ACTIONS[step](fleet, dice));
  await fleet.hold(revision);
  return steps;
}

/** Does the step; resolves with the revision that is the newest then, or 0. */
type Action = (fleet: Fleet, dice: Dice) => Promise<number>;

const ACTIONS: Readonly<Record<Step, Action>> = {
  edit: ({ rig, mesh }, dice) => rig.commit(randomEdit(mesh, dice).operations),

  storm: (fleet, dice) => editSome(fleet, dice, 2 + dice.below(5)),

  settle: async (fleet, dice) => {
    const revision = await ACTIONS.edit(fleet, dice);
    await fleet.hold(revision);
    return revision;
  },

  /** The stream breaks, also in the middle of a push. */
  reconnect: async (fleet, dice) => {
    const revision = await editSome(fleet, dice, dice.below(2));
    for (const { relay } of dice.some(fleet.proxies)) relay.leadTo(relay.leadsTo);
    return revision;
  },

  move: async (fleet, dice) => {
    const revision = await editSome(fleet, dice, dice.below(2));
    for (const { relay } of dice.some(fleet.proxies)) relay.leadTo(dice.oneOf(running(fleet)).xds);
    return revision;
  },

  /** Some proxies reach no Pilot while the mesh goes on. */
  away: async (fleet, dice) => {
    const proxies = dice.some(fleet.proxies);
    for (const { relay } of proxies) relay.leadTo(undefined);
    const revision = await editSome(fleet, dice, 1 + dice.below(6));
    for (const { relay } of proxies) relay.leadTo(dice.oneOf(running(fleet)).xds);
    return revision;
  },

  /** SIGKILL for a Pilot: its proxies go to another one, or wait for its return. */
  kill: async (fleet, dice) => {
    const pilot = dice.oneOf(fleet.pilots);
    await pilot.process.kill();
    const revision = await editSome(fleet, dice, 1 + dice.below(4));
    for (const { relay } of fleet.proxies) {
      if (relay.leadsTo === pilot.xds && dice.chance(0.5)) relay.leadTo(dice.oneOf(running(fleet)).xds);
    }
    await pilot.startPilot();
    return revision;
  },
};

async function editSome(fleet: Fleet, dice: Dice, count: number): Promise<number> {
  let revision = 0;
  for (let n = 0; n < count; n++) revision = await ACTIONS.edit(fleet, dice);
  return revision;
}

function running({ pilots }: Fleet): PilotReplica[] {
  return pilots.filter(({ process }) => process.running());
}

/** In what a proxy differs from a fresh one in its place, by name; waits for both to have warmed up. */
export async function differencesFromFresh(proxy: MeshProxy): Promise<string[]> {
  const twin: RunningEnvoy = await proxy.startTwin();
  let differences: string[] = ['nothing was compared'];
  const compare = async (): Promise<boolean> => {
    const [old, fresh] = await Promise.all([inForce(proxy.envoy.admin), inForce(twin.admin)]);
    differences = fresh.size > 0 ? dumpDifferences(old, fresh) : ['the fresh proxy holds nothing'];
    return differences.length === 0;
  };
  try {
    await until(compare, { timeout: 30_000, interval: 100 }).catch(() => undefined);
  } finally {
    await twin.stop();
  }
  return differences;
}

/** All that an Envoy has, but the routes of listeners that only drain: until that ends it keeps them, too. */
async function inForce(admin: string): Promise<ReadonlyMap<string, string>> {
  const dump = await dumpOf(admin);
  const listeners = [...dump].filter(([name]) => name.startsWith('listener ')).map(([, text]) => text);
  const isUsed = (route: string): boolean =>
    listeners.some((text) => text.includes(`"route_config_name":"${route}"`));
  return new Map(
    [...dump].filter(([name]) => !name.startsWith('route ') || isUsed(name.slice('route '.length))),
  );
}

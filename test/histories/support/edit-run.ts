import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeResult } from '../../../apps/cli/src/demo/measure/prober.js';
import type { HttpAnswer } from '../../../apps/cli/src/demo/measure/http-client.js';
import type { Dice } from '../../support/dice.js';
import { randomEdit, type Edit, type EditKind, type Effect } from './edits.js';
import type { Fleet } from './fleet.js';
import { ConstantLoad, markOf } from './load.js';
import { CORE } from './mesh.js';
import type { MeshProxy } from './proxy.js';

/** From before a commit to the end of the first answer through one proxy that took the new way, in milliseconds. */
export interface EditSample {
  readonly what: EditKind;
  readonly proxy: string;
  readonly ms: number;
}

export interface EditRun {
  readonly edits: number;
  /** Requests per second of the constant load. */
  readonly rate: number;
  readonly dice: Dice;
}

/** Proxies that are watched closely after each edit: their requests follow each other at once. */
const WATCHED = 3;
const EFFECT_LIMIT_MS = 10_000;
/** The chance that an edit comes in a storm, which nobody waits for. */
const STORM = 0.1;

/** Makes edits under constant load and measures when each takes effect. */
export async function editUnderLoad(
  fleet: Fleet,
  { edits, rate, dice }: EditRun,
): Promise<{ samples: EditSample[]; load: ProbeResult }> {
  const samples: EditSample[] = [];
  const load = await new ConstantLoad(fleet.proxies, dice, rate).during(async () => {
    for (let left = edits; left > 0;) {
      const storm = dice.chance(STORM) ? Math.min(left, 2 + dice.below(6)) : 0;
      left -= storm || 1;
      if (storm > 0) await editAtOnce(fleet, dice, storm);
      else samples.push(...(await timeEdit(fleet, dice)));
      await sleep(dice.below(30));
    }
  });
  return { samples, load };
}

/** Edits that follow each other without a pause; resolves when the last is in force everywhere. */
async function editAtOnce(fleet: Fleet, dice: Dice, count: number): Promise<void> {
  let revision = 0;
  for (let n = 0; n < count; n++) revision = await fleet.rig.commit(randomEdit(fleet.mesh, dice).operations);
  await fleet.hold(revision);
}

async function timeEdit(fleet: Fleet, dice: Dice): Promise<EditSample[]> {
  const { what, operations, effect }: Edit = randomEdit(fleet.mesh, dice);
  const watched = watchedProxies(fleet, effect, dice);
  const start = performance.now();
  const [revision, ...times] = await Promise.all([
    fleet.rig.commit(operations),
    ...watched.map((proxy) => firstEffect(proxy, effect)),
  ]);
  await fleet.hold(revision);
  return watched.map(({ plan }, n) => ({ what, proxy: plan.name, ms: times[n]! - start }));
}

function watchedProxies({ proxies }: Fleet, effect: Effect, dice: Dice): MeshProxy[] {
  if (effect.kind === 'port') return proxies.filter(({ plan }) => plan.name === effect.proxy);
  const left = [...proxies];
  const count = Math.min(WATCHED, left.length);
  return Array.from({ length: count }, () => left.splice(dice.below(left.length), 1)[0]!);
}

/** When the first answer that took the new way was complete, in milliseconds of performance.now(). */
async function firstEffect(proxy: MeshProxy, effect: Effect): Promise<number> {
  const deadline = performance.now() + EFFECT_LIMIT_MS;
  while (performance.now() < deadline) {
    const at = await tryEffect(proxy, effect);
    if (at !== undefined) return at;
    await sleep(1);
  }
  throw new Error(`${proxy.plan.name} does not show ${JSON.stringify(effect)}`);
}

async function tryEffect(proxy: MeshProxy, effect: Effect): Promise<number | undefined> {
  if (effect.kind === 'port') {
    const open = await proxy.answersOnSecondPort(CORE[0]);
    return open === effect.open ? performance.now() : undefined;
  }
  const answer = await proxy.call(effect.service);
  if (answer.status !== 200) throw new Error(`${proxy.plan.name}: ${answer.status} ${answer.body}`);
  return shows(answer, effect) ? answer.at : undefined;
}

function shows(answer: HttpAnswer, effect: Exclude<Effect, { kind: 'port' }>): boolean {
  if (effect.kind === 'mark') return markOf(answer) >= effect.mark;
  return effect.backends.includes(answer.body);
}

import type { ProbeResult } from '../../apps/cli/src/demo/measure/prober.js';
import { editUnderLoad, type EditSample } from '../histories/support/edit-run.js';
import { EDIT_KINDS, type EditKind } from '../histories/support/edits.js';
import { Fleet } from '../histories/support/fleet.js';
import { planProxies, type Variant } from '../histories/support/proxy.js';
import { Dice } from '../support/dice.js';
import { percentile } from './statistics.js';

export interface EnvoyBench {
  /** Real Envoys. */
  readonly envoys: number;
  readonly edits: number;
  /** Requests per second over all of them. */
  readonly rate: number;
  readonly seed: number;
}

/** From before a commit to the end of the first answer that took the new way, in milliseconds. */
export interface EnvoyRow {
  readonly change: EditKind;
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
}

export interface EnvoyResult extends EnvoyBench {
  readonly rows: readonly EnvoyRow[];
  readonly requests: ProbeResult;
  readonly seconds: number;
}

/** Of four sidecars two take virtual hosts one by one, one whole tables over delta, one the state of the world. */
const SIDECARS: readonly Variant[] = ['vhds', 'delta', 'vhds', 'sotw'];
const GATEWAYS: readonly Variant[] = ['vhds', 'delta'];

/** Edits of all kinds under constant load on real Envoys, every fifth of which is a gateway. */
export async function benchEnvoys(bench: EnvoyBench): Promise<EnvoyResult> {
  const { envoys, edits, rate, seed } = bench;
  const gateways = Math.max(1, Math.floor(envoys / 5));
  const proxies = await planProxies(inTurn(SIDECARS, envoys - gateways), inTurn(GATEWAYS, gateways));
  const fleet = await Fleet.start({ proxies, replicas: 1 });
  try {
    const start = performance.now();
    const { samples, load } = await editUnderLoad(fleet, { edits, rate, dice: new Dice(seed) });
    const seconds = (performance.now() - start) / 1_000;
    return { ...bench, rows: EDIT_KINDS.flatMap((kind) => rowOf(kind, samples)), requests: load, seconds };
  } finally {
    await fleet.stop();
  }
}

function inTurn(variants: readonly Variant[], count: number): Variant[] {
  return Array.from({ length: count }, (_, n) => variants[n % variants.length]!);
}

function rowOf(change: EditKind, all: readonly EditSample[]): EnvoyRow[] {
  const times = all.filter(({ what }) => what === change).map(({ ms }) => ms);
  if (times.length === 0) return [];
  const [p50, p99, slowest] = [0.5, 0.99, 1].map((part) => percentile(times, part));
  return [{ change, samples: times.length, p50: p50!, p99: p99!, slowest: slowest! }];
}

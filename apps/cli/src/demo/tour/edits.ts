import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile } from '../measure/statistics.js';
import { CpuMeter } from './cpu-meter.js';
import { EditLoad } from './edit-load.js';
import { markedRoute, MARKED_HOSTS, withMarkedHosts, type MarkedHost } from './marked-hosts.js';
import { check, type Step, type Tour } from './step.js';

const EDITS = 40;
const MEDIAN_LIMIT_MS = 50;
const P99_LIMIT_MS = 150;
const SLOW_WRITES = 20;
const SLOW_WRITE_MS = 300;
const PIECES = 6;

interface Series {
  /** Milliseconds from an edit to the first request that takes the new way. */
  readonly took: readonly number[];
  readonly load: string;
  readonly cpuPerEdit: string;
}

/** The slowest of so few edits is what the machine did beside as well: a series that fails is measured once more. */
async function underLoad(tour: Tour): Promise<string> {
  const series = await editSeries(tour);
  const missed = limitsMissed(series);
  if (missed === undefined) return describe(series);
  const again = await editSeries(tour);
  check(limitsMissed(again) === undefined, `${missed}; once more ${limitsMissed(again)}`);
  return `${describe(again)} (before: ${missed})`;
}

async function editSeries(tour: Tour): Promise<Series> {
  return withMarkedHosts(tour, 'before', async () => {
    const load = new EditLoad(tour, randomHost(), 'before');
    const took: number[] = [];
    let cpuPerEdit = '';
    const { sent, rate } = await load.during(async () => {
      await sleep(1_000);
      const cpu = await CpuMeter.start(tour.mesh, ['galley', 'nats', 'pilot']);
      const marks = new Map<MarkedHost, string>();
      for (let n = 0; n < EDITS; n++) {
        const target = randomHost();
        load.aimAt(target, marks.get(target) ?? 'before');
        await sleep(50 + 150 * Math.random());
        took.push(await load.timeEdit(`edit-${n}`, () => edit(tour, target, n)));
        marks.set(target, `edit-${n}`);
      }
      cpuPerEdit = await cpu.describePer(EDITS);
    });
    return { took, load: `${rate.toFixed(0)} requests/s, 0 of ${sent} failed`, cpuPerEdit };
  });
}

function limitsMissed({ took }: Series): string | undefined {
  if (median(took) <= MEDIAN_LIMIT_MS && percentile(took, 0.99) <= P99_LIMIT_MS) return undefined;
  return `${times(took)}: ${spread(took)}`;
}

function describe({ took, load, cpuPerEdit }: Series): string {
  return `${EDITS} of ${MARKED_HOSTS.length} VirtualServices, ${times(took)}; ${load}; CPU per edit ${cpuPerEdit}`;
}

function times(took: readonly number[]): string {
  return `median ${median(took).toFixed(0)} ms, p99 ${percentile(took, 0.99).toFixed(0)} ms`;
}

/** By rename, as most editors save, and in place, in turn. */
function edit({ config }: Tour, target: MarkedHost, n: number): void {
  const text = markedRoute(target, `edit-${n}`);
  if (n % 2 === 0) config.replace(target.file, text);
  else config.overwrite(target.file, text);
}

async function slowWrites(tour: Tour): Promise<string> {
  return withMarkedHosts(tour, 'before', async () => {
    const load = new EditLoad(tour, randomHost(), 'before');
    const took: number[] = [];
    const { sent, rate } = await load.during(async () => {
      for (const [n, target] of MARKED_HOSTS.slice(0, SLOW_WRITES).entries()) {
        load.aimAt(target, 'before');
        const text = markedRoute(target, `slow-${n}`);
        took.push(await load.timeEdit(`slow-${n}`, () => writeSlowly(tour.config.file(target.file), text)));
      }
    });
    const inForce = `in force ${median(took).toFixed(0)} ms after they began`;
    return `${SLOW_WRITES} in ${PIECES} pieces over ${SLOW_WRITE_MS} ms, ${inForce}; ${rate.toFixed(0)} requests/s, 0 of ${sent} failed`;
  });
}

/** As a slow disk, or `scp`, writes: the file is truncated, then grows piece by piece. */
async function writeSlowly(path: string, text: string): Promise<void> {
  const file = openSync(path, 'w');
  const size = Math.ceil(text.length / PIECES);
  for (let at = 0; at < text.length; at += size) {
    if (at > 0) await sleep(SLOW_WRITE_MS / (PIECES - 1));
    writeSync(file, text.slice(at, at + size));
  }
  closeSync(file);
}

function randomHost(): MarkedHost {
  return MARKED_HOSTS[Math.floor(Math.random() * MARKED_HOSTS.length)]!;
}

function spread(values: readonly number[]): string {
  return [...values]
    .sort((a, b) => a - b)
    .map((value) => value.toFixed(0))
    .join(' ');
}

export const editSteps: readonly Step[] = [
  { name: '3 edits under load', run: underLoad },
  { name: '3 slow writes in place', run: slowWrites },
];

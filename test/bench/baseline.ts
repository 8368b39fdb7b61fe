import type { ConnectRow, EditRow } from './edit.js';

/** Figures of one run, with how fast the machine was. */
export interface Baseline {
  /** See calibrate(). */
  readonly calibration: number;
  readonly edits: readonly EditRow[];
  readonly connects: readonly ConnectRow[];
}

/**
 * A figure may be so many times its baseline before it is a problem: CPU in units of its machine's speed, which a
 * neighbour's load still makes half as dear again; memory, of which the collector has its own idea; bytes, which are
 * what they are. Latencies say more of the machine than of Pilot: they are reported, not compared.
 */
const TOLERANCE = { cpu: 2, memory: 1.6, bytes: 1.1 };

/** A figure, in words, that is so many times its baseline. */
export interface Excess {
  readonly figure: string;
  readonly ratio: number;
}

/** What is far above the baseline. Rows that the baseline does not have are not compared. */
export function compare(now: Baseline, baseline: Baseline): Excess[] {
  const speed = now.calibration / baseline.calibration;
  const problems: Excess[] = [];
  const check = (figure: string, value: number, before: number, kind: keyof typeof TOLERANCE): void => {
    const ratio = value / before / (kind === 'cpu' ? speed : 1);
    if (ratio > TOLERANCE[kind]) problems.push({ figure, ratio });
  };
  for (const row of now.edits) {
    const before = baseline.edits.find((each) => isSameEdit(each, row));
    if (!before) continue;
    const what = `${row.change} edit, ${row.proxies} proxies, ${row.services} services`;
    check(`${what}: CPU`, row.cpu, before.cpu, 'cpu');
    check(`${what}: bytes per proxy`, row.bytesPerProxy, before.bytesPerProxy, 'bytes');
  }
  for (const row of now.connects) {
    const before = baseline.connects.find((each) => isSameConnect(each, row));
    if (!before) continue;
    const what = `${row.proxies} proxies connect, ${row.services} services`;
    check(`${what}: CPU`, row.cpuSeconds, before.cpuSeconds, 'cpu');
    check(`${what}: bytes per proxy`, row.receivedMbPerProxy, before.receivedMbPerProxy, 'bytes');
    check(`${what}: memory per proxy`, row.mbPerProxy, before.mbPerProxy, 'memory');
  }
  return problems;
}

/** Those that were there the first time as well: neighbours make a figure dearer for a while, code for good. */
export function confirmed(first: readonly Excess[], second: readonly Excess[]): Excess[] {
  const before = new Set(first.map(({ figure }) => figure));
  return second.filter(({ figure }) => before.has(figure));
}

export function excessText({ figure, ratio }: Excess): string {
  return `${figure} is ${ratio.toFixed(1)} times its baseline`;
}

function isSameEdit(a: EditRow, b: EditRow): boolean {
  return a.change === b.change && a.proxies === b.proxies && a.services === b.services;
}

function isSameConnect(a: ConnectRow, b: ConnectRow): boolean {
  return a.proxies === b.proxies && a.services === b.services;
}

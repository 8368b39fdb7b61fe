import type { ConnectRow, EditRow } from './edit.js';

/** Figures of one run, with how fast the machine was. */
export interface Baseline {
  /** See calibrate(). */
  readonly calibration: number;
  readonly edits: readonly EditRow[];
  readonly connects: readonly ConnectRow[];
}

/**
 * A figure may be so many times its baseline, both in units of their machine's speed, before it is a problem. Waiting
 * for a turn on a busy machine shows in a latency long before it shows in CPU time, and never in bytes.
 */
const TOLERANCE = { p50: 3, cpu: 2, bytesPerProxy: 1.2 };

/** What is far above the baseline, in words. Rows that the baseline does not have are not compared. */
export function compare(now: Baseline, baseline: Baseline): string[] {
  const problems: string[] = [];
  for (const row of now.edits) {
    const before = baseline.edits.find((each) => isSameWork(each, row));
    if (!before) continue;
    for (const figure of ['p50', 'cpu'] as const) {
      const ratio = row[figure] / now.calibration / (before[figure] / baseline.calibration);
      if (ratio > TOLERANCE[figure])
        problems.push(`${describe(row)}: ${figure} is ${ratio.toFixed(1)} times its baseline`);
    }
    const bytes = row.bytesPerProxy / before.bytesPerProxy;
    if (bytes > TOLERANCE.bytesPerProxy)
      problems.push(`${describe(row)}: ${bytes.toFixed(1)} times the bytes of its baseline`);
  }
  return problems;
}

function isSameWork(a: EditRow, b: EditRow): boolean {
  return a.change === b.change && a.proxies === b.proxies && a.services === b.services;
}

function describe({ change, proxies, services }: EditRow): string {
  return `${change} edit, ${proxies} proxies, ${services} services`;
}

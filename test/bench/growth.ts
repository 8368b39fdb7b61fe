import type { Change } from './changes.js';
import { benchEdits } from './edit.js';
import { benchInProcess } from './in-process.js';

/** CPU in milliseconds per edit of a mesh of so many services. */
export interface GrowthRow {
  readonly change: string;
  readonly services: number;
  /** Pilot's whole process, with a few proxies connected. */
  readonly pilot: number;
  /** World, cache and pushes alone, without network, log and disk. */
  readonly caches: number;
  /** nats-server and the writer. */
  readonly configLog: number;
}

/** How a cost grows: proportional to services to the power of this. */
export interface GrowthExponent {
  readonly change: string;
  readonly pilot: number;
  readonly caches: number;
  readonly configLog: number;
}

const PROXIES = 20;
const EDITS = 60;

export async function benchGrowth(
  sizes: readonly number[],
  changes: readonly Change[],
): Promise<readonly GrowthRow[]> {
  const rows: GrowthRow[] = [];
  for (const services of sizes) {
    const { rows: whole } = await benchEdits({ services, proxies: PROXIES, edits: EDITS }, changes);
    const alone = benchInProcess(services, PROXIES, changes);
    for (const { change, cpu, logCpu } of whole)
      rows.push({ change, services, pilot: cpu, caches: alone.get(change) ?? NaN, configLog: logCpu });
  }
  return rows;
}

export function exponents(rows: readonly GrowthRow[]): GrowthExponent[] {
  const changes = [...new Set(rows.map(({ change }) => change))];
  return changes.map((change) => {
    const points = rows.filter((row) => row.change === change);
    const of = (cost: (row: GrowthRow) => number): number =>
      slope(points.map((row) => [Math.log(row.services), Math.log(cost(row))]));
    return {
      change,
      pilot: of(({ pilot }) => pilot),
      caches: of(({ caches }) => caches),
      configLog: of(({ configLog }) => configLog),
    };
  });
}

/** Of the straight line that fits best; NaN for less than two points. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [x, y] = [mean(points.map(([each]) => each)), mean(points.map(([, each]) => each))];
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return covariance / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

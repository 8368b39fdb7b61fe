/**
 * `npm run bench`: how long an edit takes to reach the proxies and what it costs Pilot, what proxies cost that connect
 * at once, and how the cost of an edit grows with the mesh. `--quick` is what `npm test` runs.
 *
 * `npm run bench -- --envoys 20 [--edits 1000 --rate 200 --seed 1 --json FILE]`: edits of routes, clusters, endpoints,
 * listeners and services under constant load on real Envoys; exit code 1 where a request failed.
 *
 * `npm run bench -- --source files|kubernetes [--proxies 0,100 --edits 20 --json FILE]`: from a write to the source, a
 * real kube-apiserver or a folder, to the proxies and to the first request that a real Envoy answers anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { FlagError, flag, parseFlags, type FlagValues } from '#common/flags';
import { packageRoot } from '#common/binaries';
import { stopAll, removeTempDirs } from '#common/testing';
import { compare, confirmed, excessText, type Baseline } from './baseline.js';
import { calibrate } from './calibration.js';
import { CHANGES, changesNamed, type Change } from './changes.js';
import { benchEdits, type ConnectRow, type EditRow } from './edit.js';
import { benchEnvoys } from './envoys.js';
import { benchGrowth, exponents, type GrowthExponent, type GrowthRow } from './growth.js';
import { benchSource, type SourceRow } from './sources.js';
import { connectTable, editTable, envoyTable, exponentTable, growthTable, sourceTable } from './table.js';

const FLAGS = {
  proxies: flag.list('numbers of simulated proxies', '100,300,1000,3000'),
  services: flag.text('services, each with a VirtualService', '1000'),
  edits: flag.text('edits of each kind', '20'),
  changes: flag.list('kinds of edits', CHANGES.map(({ name }) => name).join(',')),
  growth: flag.list(
    'numbers of services over which the growth is measured; none: `-`',
    '250,500,1000,2000,4000',
  ),
  envoys: flag.text('real Envoys under load, instead of simulated proxies; 0 for none', '0'),
  source: flag.optional("'files' or 'kubernetes': the whole way from there, Galley included"),
  rate: flag.text('requests per second through the real Envoys', '200'),
  seed: flag.text('seed of the edits on real Envoys', '1'),
  json: flag.optional('file for the figures as JSON'),
  quick: flag.toggle('100 proxies, VirtualServices and endpoints, no growth'),
  check: flag.toggle('compare with the stored baseline and fail where a figure is far above it'),
  writeBaseline: flag.toggle('store these figures as the baseline'),
};

const QUICK = { proxies: ['100'], changes: ['VirtualService', 'endpoint'], growth: ['-'] };
/** Their growth is measured. */
const GROWING = ['VirtualService', 'DestinationRule', 'endpoint', 'service added'];

interface Result extends Baseline {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly growth: readonly GrowthRow[];
  readonly exponents: readonly GrowthExponent[];
}

const baselineFile = join(packageRoot(), 'test/bench/baseline.json');

try {
  process.exitCode = await main();
} catch (error) {
  const text = error instanceof FlagError ? error.problems.join('\n') : String((error as Error).stack);
  process.stderr.write(`bench: ${text}\n`);
  process.exitCode = error instanceof FlagError ? 2 : 1;
} finally {
  await stopAll();
  removeTempDirs();
}

async function main(): Promise<number> {
  const stated = parseFlags(FLAGS, process.argv.slice(2), {});
  if (Number(stated.envoys) > 0) return benchRealEnvoys(stated);
  if (stated.source !== undefined) return benchFromSource(stated, stated.source);
  const options = stated.quick ? { ...stated, ...QUICK } : stated;
  const result = await measure(options);
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (options.json !== undefined) writeFileSync(options.json, text);
  if (options.writeBaseline) writeFileSync(baselineFile, text);
  return options.check ? check(result, () => measure(options)) : 0;
}

async function measure(options: FlagValues<typeof FLAGS>): Promise<Result> {
  const changes = changesNamed(options.changes);
  const speeds = [calibrate()];
  const connects: ConnectRow[] = [];
  const edits: EditRow[] = [];
  for (const proxies of options.proxies.map(Number)) {
    const bench = { services: Number(options.services), edits: Number(options.edits), proxies };
    const { connect, rows } = await benchEdits(bench, changes);
    connects.push(connect);
    edits.push(...rows);
    speeds.push(calibrate());
    process.stdout.write(`${editTable(rows)}\n${connectTable([connect])}\n`);
  }
  const growth = await growthOf(options.growth, changes);
  const calibration = speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length;
  process.stdout.write(`calibration: ${calibration.toFixed(1)} ms\n`);
  const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version };
  return { machine, calibration, edits, connects, growth, exponents: exponents(growth) };
}

async function growthOf(sizes: readonly string[], changes: readonly Change[]): Promise<readonly GrowthRow[]> {
  if (sizes.includes('-')) return [];
  const rows = await benchGrowth(
    sizes.map(Number),
    changes.filter(({ name }) => GROWING.includes(name)),
  );
  process.stdout.write(`${growthTable(rows)}\n${exponentTable(exponents(rows))}\n`);
  return rows;
}

async function benchRealEnvoys({
  envoys,
  edits,
  rate,
  seed,
  json,
}: FlagValues<typeof FLAGS>): Promise<number> {
  const bench = { envoys: Number(envoys), edits: Number(edits), rate: Number(rate), seed: Number(seed) };
  const result = await benchEnvoys(bench);
  process.stdout.write(envoyTable(result));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  return result.requests.failed > 0 ? 1 : 0;
}

async function benchFromSource(
  { proxies, services, edits, json }: FlagValues<typeof FLAGS>,
  source: string,
): Promise<number> {
  if (source !== 'files' && source !== 'kubernetes') throw new FlagError(['--source is files or kubernetes']);
  const rows: SourceRow[] = [];
  for (const count of proxies.map(Number)) {
    const bench = { source, services: Number(services), proxies: count, edits: Number(edits) } as const;
    const found = await benchSource(bench);
    rows.push(...found);
    process.stdout.write(`${sourceTable(found)}\n`);
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
  return 0;
}

/** What is far above the baseline is measured once more before it counts. */
async function check(result: Baseline, again: () => Promise<Baseline>): Promise<number> {
  const baseline = JSON.parse(readFileSync(baselineFile, 'utf8')) as Baseline;
  const first = compare(result, baseline);
  if (first.length === 0) return 0;
  for (const excess of first) process.stderr.write(`bench: ${excessText(excess)}; once more\n`);
  const problems = confirmed(first, compare(await again(), baseline));
  for (const excess of problems) process.stderr.write(`bench: ${excessText(excess)}, twice in a row\n`);
  return problems.length > 0 ? 1 : 0;
}

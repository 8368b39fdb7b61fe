/**
 * `npm run bench [-- --proxies 100,300 --services 1000 --edits 30 --json FILE --check --write-baseline]`: how long an
 * edit takes to reach the proxies and what it costs Pilot.
 *
 * `npm run bench -- --envoys 20 [--edits 1000 --rate 200 --seed 1 --json FILE]`: edits of routes, clusters, endpoints,
 * listeners and services under constant load on real Envoys; exit code 1 where a request failed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlagError, flag, parseFlags, type FlagValues } from '#common/flags';
import { packageRoot } from '#common/binaries';
import { stopAll, removeTempDirs } from '#common/testing';
import { compare, type Baseline } from './baseline.js';
import { calibrate } from './calibration.js';
import { benchEdits, type ConnectRow, type EditRow } from './edit.js';
import { benchEnvoys } from './envoys.js';
import { connectTable, editTable, envoyTable } from './table.js';

const FLAGS = {
  proxies: flag.list('numbers of simulated proxies', '100'),
  services: flag.text('services, each with a VirtualService', '1000'),
  edits: flag.text('edits of each kind', '30'),
  envoys: flag.text('real Envoys under load, instead of simulated proxies; 0 for none', '0'),
  rate: flag.text('requests per second through the real Envoys', '200'),
  seed: flag.text('seed of the edits on real Envoys', '1'),
  json: flag.optional('file for the figures as JSON'),
  check: flag.toggle('compare with the stored baseline and fail where a figure is far above it'),
  writeBaseline: flag.toggle('store these figures as the baseline'),
};

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
  const options = parseFlags(FLAGS, process.argv.slice(2), {});
  if (Number(options.envoys) > 0) return benchRealEnvoys(options);
  const calibration = calibrate();
  const connects: ConnectRow[] = [];
  const edits: EditRow[] = [];
  for (const proxies of options.proxies) {
    const bench = {
      services: Number(options.services),
      edits: Number(options.edits),
      proxies: Number(proxies),
    };
    const { connect, rows } = await benchEdits(bench);
    connects.push(connect);
    edits.push(...rows);
  }
  const units = (calibration + calibrate()) / 2;
  process.stdout.write(
    `${editTable(edits)}\n${connectTable(connects)}\ncalibration: ${units.toFixed(1)} ms\n`,
  );
  const result: Baseline = { calibration: units, edits, connects };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  if (options.writeBaseline) writeFileSync(baselineFile, `${JSON.stringify(result, null, 2)}\n`);
  return options.check ? check(result) : 0;
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

function check(result: Baseline): number {
  const problems = compare(result, JSON.parse(readFileSync(baselineFile, 'utf8')) as Baseline);
  for (const problem of problems) process.stderr.write(`bench: ${problem}\n`);
  return problems.length > 0 ? 1 : 0;
}
